import { describe, expect, it } from "vitest";
import { spread } from "../../src/evaluate/statistics.js";
import * as format from "../../src/report/format.js";

describe("numbers", () => {
  it("separates thousands and uses a true minus", () => {
    expect(format.count(1_234_567)).toBe("1,234,567");
    expect(format.count(-3.04)).toBe("−3");
    expect(format.fixed(-0.001, 1)).toBe("0.0");
    expect(format.fixed(Number.NaN, 1)).toBe("—");
  });

  it("keeps significant digits without an exponent", () => {
    expect(["0.0731234", "0.9", "12.345", "98765"].map((x) => format.significant(Number(x)))).toEqual([
      "0.0731",
      "0.900",
      "12.3",
      "98,765",
    ]);
    expect(format.significant(0)).toBe("0.00");
  });

  it("gives mean and deviation the same decimals, more where the deviation needs them", () => {
    expect(format.plusMinus({ mean: 94.04, sd: 3.04 }, 1)).toBe("94.0 ± 3.0");
    expect(format.plusMinus({ mean: 0.9906, sd: 0.00002 }, 2, 100)).toBe("99.060 ± 0.002");
    expect(format.plusMinus({ mean: 0.99, sd: 0 }, 2, 100)).toBe("99.00 ± 0.00");
    expect(format.plusMinus({ mean: 7, sd: null }, 1)).toBe("7.0");
  });

  it("computes the sample deviation", () => {
    expect(spread([1, 2, 3])).toEqual({ mean: 2, sd: 1 });
    expect(spread([5])).toEqual({ mean: 5, sd: null });
  });
});

describe("units", () => {
  it("names sizes", () => {
    expect([1, 999, 411_873, 999_600, 9_590_112, 2.5e9].map(format.bytes)).toEqual([
      "1 byte",
      "999 bytes",
      "412 KB",
      "1.00 MB",
      "9.59 MB",
      "2.50 GB",
    ]);
  });

  it("names durations without a sixtieth minute", () => {
    expect([0.53, 59, 59.96, 61, 3599.7, 4342, 90_000].map(format.duration)).toEqual([
      "0.53 s",
      "59 s",
      "1 min 0 s",
      "1 min 1 s",
      "1 h 0 min",
      "1 h 12 min",
      "25 h 0 min",
    ]);
  });

  it("leaves text that is no date alone", () => {
    expect(format.dateTime("2026-01-31T23:30:00+02:00")).toBe("January 31, 2026, 21:30 UTC");
    expect(format.dateTime("yesterday")).toBe("yesterday");
  });
});

describe("words", () => {
  const words = ["smaller", "larger", "the same size"] as const;

  it("says which way a ratio goes", () => {
    expect(format.ratio(2_395_210, 102_314, words)).toEqual(["23×", "smaller"]);
    expect(format.ratio(100, 250, words)).toEqual(["2.5×", "larger"]);
    expect(format.ratio(100, 101, words)).toEqual(["1×", "the same size"]);
    expect(format.ratio(100, 0, words)).toEqual(["—", "not comparable"]);
  });

  it("counts one error as one error", () => {
    expect(format.plural(1, "error")).toBe("1 error");
    expect(format.plural(1.04, "error")).toBe("1 error");
    expect(format.plural(1200, "error")).toBe("1,200 errors");
  });

  it("never shows a p of zero", () => {
    expect(format.pValue(0.00004)).toBe("p\u00a0<\u00a00.001");
    expect(format.pValue(0.0123)).toBe("p\u00a0=\u00a00.012");
  });
});
