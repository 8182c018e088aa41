import { randomStream } from "@limbeck/graph";
import { describe, expect, it } from "vitest";
import { measureMoments } from "../../src/data/moments/measure.js";
import { choleskyFactor, copula, type Synthesizer } from "../../src/data/synthesis/copula.js";
import { munge, nearestRows, valuesOf } from "../../src/data/synthesis/munge.js";
import { spunge } from "../../src/data/synthesis/spunge.js";
import { normalNumber } from "../../src/support/normal.js";
import { datasetOf, skewedRows, splitOf } from "./rows.js";

const { split, moments } = skewedRows(2000);

function draw(synthesizer: Synthesizer, rows: number, length = 3, seed = 7): Float32Array {
  const target = new Float32Array(rows * length);
  synthesizer(target, randomStream(seed));
  return target;
}

const rowsOf = (values: Float32Array, length = 3) =>
  Array.from({ length: values.length / length }, (_, i) => values.subarray(i * length, (i + 1) * length).join());

describe("a Gaussian copula", () => {
  const made = draw(copula(moments), 4000);
  const again = measureMoments(splitOf(datasetOf([...made], 3)));

  it("gives every column its quantiles back", () => {
    for (const c of [0, 1]) {
      for (const level of [10, 30, 50, 70, 90]) {
        const share = Array.from({ length: 4000 }, (_, i) => made[3 * i + c]!).filter(
          (value) => value <= moments.quantiles[c]![level]!,
        ).length;
        expect(share / 4000).toBeCloseTo(moments.levels[level]!, 1);
      }
    }
  });

  it("makes columns go together as they did", () => {
    for (const i of [0, 1, 2]) {
      for (const j of [0, 1, 2]) expect(again.correlation[i]![j]).toBeCloseTo(moments.correlation[i]![j]!, 1);
    }
    expect(again.correlation[0]![1]).toBeLessThan(-0.7);
  });

  it("makes nothing but what a discrete column holds", () => {
    const found = new Set(Array.from({ length: 4000 }, (_, i) => made[3 * i + 2]));
    expect([...found].sort()).toEqual([0, 1, 2]);
  });

  it("makes windows whose times go together", () => {
    const random = randomStream(2);
    const windows = Array.from({ length: 800 }, () => {
      const [a, b] = [normalNumber(random), normalNumber(random)];
      const walk = (start: number) => [0, 1, 2, 3].map(() => start + 0.5 * normalNumber(random));
      return [...walk(a), ...walk(b)];
    });
    const known = measureMoments(splitOf(datasetOf(windows.flat(), 2, 4)));
    const values = draw(copula(known), 3000, 8);
    const found = measureMoments(splitOf(datasetOf([...values], 2, 4)));
    expect(known.timeCorrelation[0]![3]).toBeGreaterThan(0.7);
    expect(found.timeCorrelation[0]![3]).toBeCloseTo(known.timeCorrelation[0]![3]!, 1);
    expect(found.correlation[0]![1]).toBeCloseTo(0, 1);
  });

  it("depends on nothing but moments and the random stream", () => {
    expect(draw(copula(moments), 50)).toEqual(draw(copula(JSON.parse(JSON.stringify(moments))), 50));
    expect(draw(copula(moments), 50)).not.toEqual(draw(copula(moments), 50, 3, 8));
  });

  it("factors a correlation, and one that no columns can have as near as it can", () => {
    const [, , row] = choleskyFactor([
      [1, 0.5, 0.2],
      [0.5, 1, -0.3],
      [0.2, -0.3, 1],
    ]);
    const second = [0.5, Math.sqrt(0.75)];
    expect(row![0]! * second[0]! + row![1]! * second[1]!).toBeCloseTo(-0.3, 12);
    expect(Math.hypot(...row!)).toBeCloseTo(1, 12);
    const impossible = choleskyFactor([
      [1, 1, 1],
      [1, 1, -1],
      [1, -1, 1],
    ]);
    for (const one of impossible) expect(Math.hypot(...one)).toBeCloseTo(1, 12);
  });
});

describe("MUNGE", () => {
  const small = { ...split, indices: split.indices.slice(0, 40) };
  const real = rowsOf(valuesOf(small));

  it("leaves rows as they are where no cell is changed", () => {
    const made = rowsOf(draw(munge(small, moments, { probability: 0, localVariance: 1 }), 200));
    for (const row of made) expect(real).toContain(row);
    expect(new Set(made).size).toBeGreaterThan(30);
  });

  it("takes discrete cells from the neighbor, and draws others around the neighbor's, near by its distance", () => {
    const values = valuesOf(small);
    const nearest = nearestRows(values, 3, moments);
    const made = draw(munge(small, moments, { probability: 1, localVariance: 1e9 }), 200);
    const neighbors = rowsOf(
      Float32Array.from([...nearest].flatMap((row) => [...values.subarray(3 * row, 3 * row + 3)])),
    );
    for (const row of rowsOf(made.map(Math.fround))) {
      const [a, b, c] = row.split(",").map(Number);
      const isNear = neighbors.some((other) => {
        const [x, y, z] = other.split(",").map(Number);
        return Math.abs(a! - x!) < 1e-4 && Math.abs(b! - y!) < 1e-4 && c === z;
      });
      expect(isNear, row).toBe(true);
    }
  });

  it("spreads as the distance to the neighbor says", () => {
    const pair = splitOf(datasetOf([0, 10], 1));
    const known = { ...moments, columns: ["a"], discrete: [false], std: [1], mean: [0] };
    const made = draw(munge(pair, known, { probability: 1, localVariance: 2 }), 8000, 1);
    const mean = made.reduce((sum, value) => sum + value, 0) / 8000;
    const variance = made.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 8000;
    expect(mean).toBeCloseTo(5, 0);
    expect(variance).toBeGreaterThan(45);
    expect(variance).toBeLessThan(55); // 25 between both rows, 25 around each
  });

  it("looks for neighbors by columns divided by their deviations, and never at a row itself", () => {
    const rows = Float32Array.from([0, 0, 1, 0, 0, 30]);
    const known = { ...moments, columns: ["a", "b"], std: [1, 100] };
    expect([...nearestRows(rows, 2, known)]).toEqual([2, 0, 0]);
  });
});

describe("SPUNGE", () => {
  const small = { ...split, indices: split.indices.slice(0, 40) };
  const values = valuesOf(small);
  const column = (list: Float32Array, c: number) => Array.from({ length: list.length / 3 }, (_, i) => list[3 * i + c]!);

  it("leaves rows as they are where no cell is changed", () => {
    const made = rowsOf(draw(spunge(small, moments, { probability: 0, noise: 0.1 }), 100));
    for (const row of made) expect(rowsOf(values)).toContain(row);
  });

  it("takes cells from their own columns, and leaves discrete ones without noise", () => {
    const made = draw(spunge(small, moments, { probability: 1, noise: 0 }), 200);
    for (const c of [0, 1, 2])
      expect(new Set(column(values, c))).toEqual(new Set([...column(values, c), ...column(made, c)]));
    const noisy = draw(spunge(small, moments, { probability: 1, noise: 1 }), 200);
    expect(new Set([...column(noisy, 2), 0, 1, 2]).size).toBe(3);
    expect(column(values, 1)).not.toContain(column(noisy, 1)[0]);
  });
});
