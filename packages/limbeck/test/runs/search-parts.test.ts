import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { byteCount, milliseconds, share } from "../../src/cli/quantities.js";
import { parseRecipe } from "../../src/recipe/parse.js";
import { type Dot, scatter } from "../../src/report/scatter.js";
import type { RunSamples } from "../../src/runs/samples.js";
import { ladderOf } from "../../src/runs/search/ladder.js";
import { byMerit, type Merit, paretoFront } from "../../src/runs/search/pareto.js";
import { dataset } from "../schemes/fixture.js";

const merit = fc.record({
  quality: fc.integer({ min: 0, max: 5 }),
  bytes: fc.integer({ min: 1, max: 5 }),
  latencyMs: fc.integer({ min: 1, max: 5 }),
});
const isBetter = (a: Merit, b: Merit) =>
  a.quality >= b.quality &&
  a.bytes <= b.bytes &&
  a.latencyMs <= b.latencyMs &&
  (a.quality > b.quality || a.bytes < b.bytes || a.latencyMs < b.latencyMs);

describe("the Pareto front", () => {
  it("is what nothing else beats, and beats all the rest", () => {
    fc.assert(
      fc.property(fc.array(merit, { minLength: 1, maxLength: 12 }), (all) => {
        const front = paretoFront(all);
        expect(front.length).toBeGreaterThan(0);
        for (const one of front) expect(all.some((other) => isBetter(other, one))).toBe(false);
        for (const one of all.filter((each) => !front.includes(each))) {
          expect(front.some((other) => isBetter(other, one))).toBe(true);
        }
      }),
    );
  });

  it("comes first by merit, and everybody is kept", () => {
    fc.assert(
      fc.property(fc.array(merit, { minLength: 1, maxLength: 12 }), (all) => {
        const sorted = byMerit(all);
        expect(new Set(sorted)).toEqual(new Set(all));
        sorted.forEach((one, i) => {
          for (const later of sorted.slice(i + 1)) expect(isBetter(later, one)).toBe(false);
        });
      }),
    );
  });
});

describe("the ladder of students", () => {
  const samples = { train: { dataset, indices: new Uint32Array(4) }, source: "" } as unknown as RunSamples;
  const ladder = (student: string, more = "") =>
    ladderOf(
      parseRecipe(
        `name: t\ndata: { source: digits }\nteacher: { model: { family: lenet }, train: { epochs: 1 } }\nstudent: { model: ${student}, train: { epochs: 1 } }\n${more}`,
        "t",
      ),
      samples,
    );

  it("has the student's model in other widths, with names that differ", () => {
    const names = ladder("{ family: mlp, hidden: [64, 32] }").map(({ name }) => name);
    for (const name of ["mlp-8-4", "mlp-16-8", "mlp-32-16", "mlp-64-32", "mlp-128-64"]) expect(names).toContain(name);
    expect(new Set(names).size).toBe(names.length);
  });

  it("is what the recipe says, where it says something", () => {
    const students =
      "search: { students: [{ family: mlp, hidden: [3] }, { family: lenet }, { family: mlp, hidden: [5] }] }";
    expect(ladder("{ family: lenet }", students).map(({ name }) => name)).toEqual(["mlp-3", "lenet", "mlp-5"]);
  });
});

describe("limits on the command line", () => {
  it.each([
    [byteCount, "500KB", 500_000],
    [byteCount, "1.5 MB", 1_500_000],
    [byteCount, "200KiB", 204_800],
    [byteCount, "1000", 1000],
    [milliseconds, "2ms", 2],
    [milliseconds, "500us", 0.5],
    [milliseconds, "0.1s", 100],
    [share, "0.97", 0.97],
    [share, "97%", 0.97],
  ])("%o reads %s", (read, text, value) => expect(read(text)).toBeCloseTo(value, 10));

  it.each([
    [byteCount, "big"],
    [byteCount, "0"],
    [milliseconds, "-2ms"],
    [milliseconds, "2 minutes"],
    [share, "1.2"],
  ])("%o does not read %s", (read, text) => expect(() => read(text)).toThrow());
});

it("a plot of one dot, or of equal ones, has no broken numbers", () => {
  const dot: Dot = { name: "<a>", x: 10, y: 0.5, isFilled: true, isFront: true };
  const shared = { xTitle: "x", yTitle: "y", label: "l", formatX: String, formatY: String, levels: [] };
  for (const dots of [[dot], [dot, dot]]) {
    const { text } = scatter(dots, shared);
    expect(text).not.toMatch(/NaN|Infinity|undefined/);
    expect(text).toContain("&lt;a&gt;");
  }
});
