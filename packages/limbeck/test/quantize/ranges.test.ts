import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Extremes, entropyRange, Histogram, percentileRange } from "../../src/quantize/ranges.js";

const golden: readonly {
  readonly name: string;
  readonly values: readonly number[];
  readonly entropy: number;
  readonly percentile: number;
}[] = JSON.parse(readFileSync(new URL("../golden/ranges.json", import.meta.url), "utf8"));

function histogramOf(values: readonly number[]): Histogram {
  const extremes = new Extremes();
  const [half, all] = [Math.floor(values.length / 2), Float32Array.from(values)];
  extremes.observe("x", all.subarray(0, half));
  extremes.observe("x", all.subarray(half));
  const histogram = new Histogram(extremes.ranges.get("x")!);
  histogram.observe(all.subarray(0, half));
  histogram.observe(all.subarray(half));
  return histogram;
}

describe.each(golden)("of $name values", ({ values, entropy, percentile }) => {
  const histogram = histogramOf(values);
  const { min, max } = histogram.range;

  it("extremes are the range", () => {
    expect([min, max]).toEqual([Math.min(...values), Math.max(...values)]);
  });

  it("the range by entropy is numpy's", () => {
    const range = entropyRange(histogram);
    expect(range.max).toBeCloseTo(Math.min(max, entropy), 5);
    expect(range.min).toBeCloseTo(Math.max(min, -entropy), 5);
  });

  it("the range by percentile is numpy's", () => {
    expect(percentileRange(histogram, 99).max).toBeCloseTo(Math.min(max, percentile), 5);
    expect(percentileRange(histogram, 100).max).toBeCloseTo(max, 5);
  });
});

describe("a range by entropy", () => {
  it("cuts off what is far from everything else", () => {
    const outlier = golden.find(({ name }) => name === "normal with outliers")!;
    expect(entropyRange(histogramOf(outlier.values)).max).toBeLessThan(20);
  });

  it("of values that are all 0 is 0", () => {
    const { min, max } = entropyRange(histogramOf([0, 0]));
    expect([Math.abs(min), Math.abs(max)]).toEqual([0, 0]);
  });
});
