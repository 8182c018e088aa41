import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { apportion } from "../../src/data/apportion.js";
import { pick, splitLabels, wholeSplit } from "../../src/data/dataset.js";
import { drawSubset, filterClasses, splitStratified } from "../../src/data/split.js";
import { dataset, errorOf } from "./helpers.js";

/** Class-ordered, as the digits and the re-packed MNIST are. */
const LABELS = Array.from({ length: 1000 }, (_, i) => Math.floor(i / 100));

/** Labels, and sizes of parts that fit into them. */
const problems = fc.array(fc.nat(4), { minLength: 1, maxLength: 60 }).chain((labels) =>
  fc
    .array(fc.nat(labels.length), { minLength: 0, maxLength: 4 })
    .map((cuts) => [0, ...cuts.sort((a, b) => a - b)])
    .map((cuts) => ({ labels, sizes: cuts.slice(1).map((cut, i) => cut - cuts[i]!) })),
);

describe("splitStratified", () => {
  it("makes disjoint parts of exactly the sizes, with proportional classes", () => {
    fc.assert(
      fc.property(problems, fc.integer(), ({ labels, sizes }, seed) => {
        const parts = Object.values(splitStratified(labels, counts(sizes), seed));
        expect(parts.map((part) => part.length)).toEqual(sizes);
        const all = parts.flatMap((part) => [...part]);
        expect(new Set(all).size).toBe(all.length);
        expect(all.every((position) => position < labels.length)).toBe(true);
        for (const part of parts) expectProportional(labels, [...part]);
      }),
      { numRuns: 500 },
    );
  });

  it("is the same for a seed and another for another", () => {
    const sizes = { train: 700, validation: 100, test: 150 };
    const first = splitStratified(LABELS, sizes, 1);
    expect(splitStratified(LABELS, sizes, 1)).toEqual(first);
    const second = splitStratified(LABELS, sizes, 2);
    expect(second.train).not.toEqual(first.train);
    expect(new Set(second.train)).not.toEqual(new Set(first.train));
  });

  it("draws the same samples in every process and version", () => {
    const { train, test } = splitStratified(LABELS, { train: 600, test: 200 }, 1);
    expect([...train.subarray(0, 8), ...test.subarray(0, 8)]).toMatchInlineSnapshot(`
      [
        856,
        956,
        894,
        704,
        53,
        961,
        279,
        153,
        614,
        503,
        804,
        748,
        252,
        222,
        802,
        113,
      ]
    `);
  });

  it("shuffles each part", () => {
    const { train } = splitStratified(LABELS, { train: 800 }, 3);
    const labels = [...train].map((position) => LABELS[position]!);
    const changes = labels.filter((label, i) => i > 0 && label !== labels[i - 1]).length;
    expect(changes).toBeGreaterThan(600);
    expect(new Set(labels.slice(0, 60)).size).toBe(10);
  });

  it("gives parts of the same size different samples in different order", () => {
    const { a, b } = splitStratified(LABELS, { a: 500, b: 500 }, 3);
    expect([...a].map((position) => LABELS[position])).not.toEqual([...b].map((position) => LABELS[position]));
  });

  it("refuses to give more than there are", async () => {
    const error = await errorOf(() => splitStratified(LABELS, { train: 900, test: 101 }, 1));
    expect(error).toMatchObject({ code: "DATA_TOO_SMALL", value: { train: 900, test: 101 } });
    expect(error.message).toBe("1001 samples are asked for (train 900, test 101), but there are only 1000");
  });

  it.each([-1, 0.5, Number.NaN])("refuses the size %d", async (size) => {
    const error = await errorOf(() => splitStratified(LABELS, { train: size }, 1));
    expect(error).toMatchObject({ code: "RECIPE_INVALID", where: "train" });
  });

  it("takes nothing from nothing", () => {
    expect(splitStratified([], { train: 0 }, 1)).toEqual({ train: new Uint32Array(0) });
  });
});

describe("apportion", () => {
  it("rounds up the largest remainders", () => {
    expect(apportion([10], [70, 20, 16])).toEqual([[7, 2, 1]]);
    expect(apportion([5], [33, 33, 34])).toEqual([[2, 1, 2]]);
  });

  it("changes an earlier choice where a class would be used up", () => {
    // All rounded up alike, the first class would have to give 4 (and below 6) members, and it has 2 (and 5).
    expect(apportion([1, 1, 1, 1], [2, 2]).flat().sort()).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
    expect(apportion([1, 1, 1, 1], [2, 2]).filter(([first]) => first === 1)).toHaveLength(2);
    expect(apportion([3, 3, 4], [5, 5])[2]).toEqual([2, 2]);
  });

  it("uses up everything when asked to, each share rounded down or up", () => {
    const sizes = fc.array(fc.nat(9), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(fc.nat(9), { minLength: 1, maxLength: 6 }), sizes, (available, parts) => {
        const total = available.reduce((sum, count) => sum + count, 0);
        const given = parts.reduce((sum, size) => sum + size, 0);
        const whole = given < total ? [...parts, total - given] : trimmed(parts, total);
        const shares = apportion(whole, available);
        available.forEach((count, c) => {
          expect(shares.reduce((sum, row) => sum + row[c]!, 0)).toBe(count);
          shares.forEach((row, p) => {
            expect(Math.abs(row[c]! - (whole[p]! * count) / (total || 1))).toBeLessThan(1);
          });
        });
      }),
      { numRuns: 1000 },
    );
  });
});

describe("drawSubset", () => {
  const split = pick(
    wholeSplit(dataset(LABELS)),
    Uint32Array.from({ length: 500 }, (_, i) => 2 * i),
  );

  it("draws a stratified part of a split", () => {
    const drawn = drawSubset(split, 50, 1);
    const inside = new Set(split.indices);
    expect(drawn.indices.every((index) => inside.has(index))).toBe(true);
    expect([...splitLabels(drawn)].sort()).toEqual(LABELS.filter((_, i) => i % 20 === 0));
    expect(drawSubset(split, 50, 1).indices).toEqual(drawn.indices);
    expect(drawSubset(split, 50, 2).indices).not.toEqual(drawn.indices);
  });

  it("refuses to draw more than there are", async () => {
    expect((await errorOf(() => drawSubset(split, 501, 1))).code).toBe("DATA_TOO_SMALL");
  });
});

describe("filterClasses", () => {
  const split = wholeSplit(dataset([3, 0, 1, 2, 3, 1]));

  it.each([
    [{}, [3, 0, 1, 2, 3, 1]],
    [{ only: [3, 1] }, [3, 1, 3, 1]],
    [{ without: [3] }, [0, 1, 2, 1]],
    [{ only: [3, 1], without: [3] }, [1, 1]],
  ])("keeps the order: %j", (filter, labels) => {
    expect([...splitLabels(filterClasses(split, filter))]).toEqual(labels);
  });

  it("refuses a class that does not exist", async () => {
    const error = await errorOf(() => filterClasses(split, { without: [4] }));
    expect(error).toMatchObject({ code: "RECIPE_INVALID", value: 4, fix: "Name classes between 0 and 3." });
  });

  it("refuses to keep nothing", async () => {
    expect((await errorOf(() => filterClasses(split, { only: [] }))).code).toBe("DATA_TOO_SMALL");
  });
});

function counts(sizes: readonly number[]): Record<string, number> {
  return Object.fromEntries(sizes.map((size, i) => [`part ${i}`, size]));
}

function expectProportional(labels: readonly number[], part: readonly number[]): void {
  for (const label of new Set(labels)) {
    const available = labels.filter((other) => other === label).length;
    const drawn = part.filter((position) => labels[position] === label).length;
    expect(Math.abs(drawn - (part.length * available) / labels.length)).toBeLessThan(1);
  }
}

/** The parts, cut so that they sum to `total`. */
function trimmed(parts: readonly number[], total: number): number[] {
  let left = total;
  return parts.map((size) => {
    const kept = Math.min(size, left);
    left -= kept;
    return kept;
  });
}
