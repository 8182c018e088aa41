import { describe, expect, it } from "vitest";
import { chartData, thinned } from "../../src/report/chart-data.js";
import type { Curve } from "../../src/report/data.js";

function curve(
  arm: Curve["arm"],
  seed: number,
  errors: readonly (number | null)[],
  variant: string | null = null,
): Curve {
  return {
    arm,
    seed,
    variant,
    points: errors.map((value, i) => ({ epoch: i + 1, loss: (value ?? 1) / 100, errors: value })),
  };
}

describe("chartData", () => {
  it("sums up the seeds of the main comparison only", () => {
    const curves = [
      curve("student", 0, [10, 4]),
      curve("student", 1, [20, 6]),
      curve("student", 0, [99, 99], "other"),
      curve("teacher", 0, [1, 1]),
    ];
    const chart = chartData(curves, "errors", 3)!;
    expect(chart.epochs).toEqual([1, 2]);
    expect(chart.lines).toEqual([{ arm: "student", seeds: 2, mean: [15, 5], min: [10, 4], max: [20, 6] }]);
    expect(chart.range[0]).toBe(0);
    expect(chart.clipped).toBe(false);
  });

  it("has no mean where a seed was not measured", () => {
    const chart = chartData([curve("student", 0, [10, 4, 3]), curve("student", 1, [20, null, 5])], "errors", null)!;
    expect(chart.lines[0]!.mean).toEqual([15, null, 4]);
  });

  it("is null where nothing was measured", () => {
    expect(chartData([], "errors", 1)).toBeNull();
    expect(chartData([curve("student", 0, [null])], "errors", 1)).toBeNull();
  });

  it("lets the first epochs run off the top, never the last ones", () => {
    const errors = Array.from({ length: 50 }, (_, i) => (i < 3 ? 9000 : 100 - i));
    const chart = chartData([curve("student", 0, errors)], "errors", 40)!;
    expect(chart.clipped).toBe(true);
    expect(chart.range[1]).toBeGreaterThan(95);
    expect(chart.range[1]).toBeLessThan(120);
    expect(chart.range[0]).toBeLessThan(40);
  });

  it("uses a logarithmic axis only where it can and helps", () => {
    expect(chartData([curve("student", 0, [100, 10, 1])], "loss", null)!.logarithmic).toBe(true);
    expect(chartData([curve("student", 0, [100, 90])], "loss", null)!.logarithmic).toBe(false);
    expect(chartData([curve("student", 0, [100, 0])], "loss", null)!.logarithmic).toBe(false);
    expect(chartData([curve("student", 0, [100, 10, 1])], "errors", null)!.logarithmic).toBe(false);
  });

  it("keeps an axis where all values are equal", () => {
    const { range } = chartData([curve("student", 0, [0, 0])], "errors", 0)!;
    expect(range[1]).toBeGreaterThan(range[0]);
  });
});

describe("thinned", () => {
  it("keeps first and last", () => {
    const items = Array.from({ length: 1000 }, (_, i) => i);
    const few = thinned(items, 25);
    expect([few.length, few[0], few.at(-1)]).toEqual([25, 0, 999]);
    expect(thinned([1, 2], 25)).toEqual([1, 2]);
  });
});
