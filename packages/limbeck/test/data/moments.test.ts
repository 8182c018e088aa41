import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { measureMoments } from "../../src/data/moments/measure.js";
import { type Moments, momentsText, readMoments } from "../../src/data/moments/moments.js";
import { temporaryFolder } from "../runs/harness.js";
import { datasetOf, skewedRows, splitOf } from "./rows.js";

interface Golden extends Pick<Moments, "mean" | "std" | "levels" | "quantiles" | "correlation" | "timeCorrelation"> {
  readonly shape: readonly [number, number, number];
  readonly values: readonly number[];
}

const golden: Golden = JSON.parse(readFileSync(new URL("../golden/moments.json", import.meta.url), "utf8"));
const numbersOf = (value: unknown): number[] => [value].flat(3) as number[];

describe("moments", () => {
  const [samples, columns, length] = golden.shape;
  const moments = measureMoments(splitOf(datasetOf(golden.values, columns, length)));

  it.each(["mean", "std", "levels", "quantiles", "correlation", "timeCorrelation"] as const)("%s is NumPy's", (key) => {
    const [ours, theirs] = [numbersOf(moments[key]), numbersOf(golden[key])];
    expect(ours).toHaveLength(theirs.length);
    for (const [i, value] of theirs.entries()) {
      expect(Math.abs(ours[i]! - value), `[${i}]`).toBeLessThan(2e-6 * Math.max(1, Math.abs(value)));
    }
  });

  it("say which columns hold few whole numbers, and how many samples they are of", () => {
    expect(moments.discrete).toEqual([false, false, true, true]);
    expect(moments).toMatchObject({ samples, length, version: 1 });
  });

  it("store no quantile that fewer than ten samples lie at or beyond, and are the same for rows in any order", () => {
    const { split, moments: rows } = skewedRows(200);
    const values = Array.from(split.indices, (i) => split.dataset.pixels[3 * i]!);
    for (const edge of [rows.quantiles[0]![0]!, -rows.quantiles[0]!.at(-1)!]) {
      expect(values.filter((value) => (edge < 0 ? -value : value) <= edge).length).toBeGreaterThanOrEqual(10);
    }
    const reversed = { ...split, indices: split.indices.slice().reverse() };
    expect(measureMoments(reversed).quantiles).toEqual(rows.quantiles);
  });

  it("come back from their file as they were", () => {
    const path = join(temporaryFolder(), "moments.json");
    writeFileSync(path, momentsText(moments));
    expect(readMoments(path)).toEqual(moments);
  });

  it("of a handful of samples are refused", () => {
    const few = splitOf(datasetOf([1, 2, 3, 4], 1));
    expect(() => measureMoments(few)).toThrow(
      expect.objectContaining({ code: "DATA_TOO_SMALL", value: 4, fix: "Take 20 samples or more." }),
    );
  });

  it.each([
    ["{}", /does not hold moments/],
    [JSON.stringify({ ...moments, mean: [1] }), /mean: is not of 4 numbers/],
    [JSON.stringify({ ...moments, levels: [0.9, 0.1] }), /levels|quantiles/],
    [JSON.stringify({ ...moments, rows: [[1]] }), /rows/],
    [JSON.stringify({ ...moments, correlation: [[2]] }), /correlation/],
  ])("of a file that holds %.20s are refused", (text, message) => {
    const path = join(temporaryFolder(), "moments.json");
    writeFileSync(path, text);
    expect(() => readMoments(path)).toThrow(
      expect.objectContaining({ code: "DATA_CORRUPT", message: expect.stringMatching(message) }),
    );
  });
});
