import { describe, expect, it } from "vitest";
import {
  agreement,
  calibrationError,
  confusionMatrix,
  countErrors,
  meanKl,
  softmaxRow,
} from "../../src/evaluate/metrics.js";
import { addToClasses, matchPriors } from "../../src/evaluate/prior-matching.js";
import { spread, welchP } from "../../src/evaluate/statistics.js";
import { judge } from "../../src/evaluate/verdict.js";

/** Logits whose softmax is the given probabilities. */
const logitsOf = (...rows: number[][]) => Float32Array.from(rows.flat(), Math.log);

describe("metrics", () => {
  const logits = logitsOf([0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4], [0.6, 0.3, 0.1]);
  const labels = Uint8Array.of(0, 1, 0, 2);
  const predictions = { logits, classes: 3, labels };

  it("count errors and confusions", () => {
    expect(countErrors(predictions)).toBe(2);
    expect(confusionMatrix(predictions)).toEqual([
      [1, 0, 1],
      [0, 1, 0],
      [1, 0, 0],
    ]);
  });

  it("measure calibration", () => {
    const gaps = [Math.abs(0.7 - 1), Math.abs(0.8 - 1), 0.4, 0.6];
    expect(calibrationError(predictions)).toBeCloseTo(gaps.reduce((a, b) => a + b) / 4, 5);
  });

  it("compare with the teacher", () => {
    const teacher = logitsOf([0.5, 0.4, 0.1], [0.5, 0.4, 0.1], [0.2, 0.2, 0.6], [0.6, 0.3, 0.1]);
    expect(agreement(teacher, logits, 3)).toBe(0.75);
    const row = (p: number[], q: number[]) => p.reduce((sum, value, k) => sum + value * Math.log(value / q[k]!), 0);
    const expected =
      row([0.5, 0.4, 0.1], [0.7, 0.2, 0.1]) +
      row([0.5, 0.4, 0.1], [0.1, 0.8, 0.1]) +
      row([0.2, 0.2, 0.6], [0.3, 0.3, 0.4]);
    expect(meanKl(teacher, logits, 3)).toBeCloseTo(expected / 4, 5);
  });

  it("soften", () => {
    const soft = softmaxRow(Float32Array.of(0, 2, 4), 0, 3, 2);
    const sum = 1 + Math.E + Math.E ** 2;
    expect([...soft]).toEqual([1 / sum, Math.E / sum, Math.E ** 2 / sum].map((p) => expect.closeTo(p, 12)));
  });

  it("survive logits that overflow a naive softmax", () => {
    expect([...softmaxRow(Float32Array.of(1000, 0), 0, 2)]).toEqual([1, 0]);
    expect(meanKl(Float32Array.of(0, 1000), Float32Array.of(1000, 0), 2)).toBeGreaterThan(700);
  });
});

describe("statistics", () => {
  it("give Welch's p", () => {
    // By numerical integration of Student's density: t = 20.6446 with 2.87857 degrees of freedom; t = -1.13994 with 5.87747.
    expect(welchP([205, 205, 194], [114, 118, 120])).toBeCloseTo(0.00032216632, 9);
    expect(welchP([1, 2, 3, 4], [2, 3, 4, 5.5])).toBeCloseTo(0.29862545, 7);
  });

  it("cannot judge one seed, and can judge equal ones", () => {
    expect(welchP([1], [2, 3])).toBeNull();
    expect(welchP([2, 2], [2, 2])).toBeNull();
    expect(welchP([2, 2], [3, 3])).toBeNull();
    expect(welchP([100, 120], [110, 110])).toBeLessThanOrEqual(1);
    expect(spread([3])).toEqual({ mean: 3, sd: null });
    expect(spread([1, 2, 3])).toEqual({ mean: 2, sd: 1 });
  });
});

describe("the verdict", () => {
  it("says when distillation helped beyond the noise", () => {
    const verdict = judge([114, 118, 120], [205, 205, 194]);
    expect(verdict).toMatchObject({ helped: true, significant: true });
    expect(verdict.sentence).toBe(
      "Distillation helped: the student makes 42% fewer test errors with the teacher (117.3 ± 3.1) than without " +
        "(201.3 ± 6.4), beyond the noise of 3 seeds (p < 0.001).",
    );
  });

  it("says when it is within the noise, or did harm", () => {
    expect(judge([100, 120, 110], [105, 125, 110]).sentence).toMatch(/^No clear difference: .* 2\.9% fewer .* within/);
    expect(judge([120, 121, 122], [100, 101, 102]).sentence).toMatch(
      /^Distillation did not help: .* 20% more .* beyond/,
    );
    expect(judge([100], [100]).sentence).toBe(
      "Distillation made no difference: 100 test errors with the teacher, 100 without.",
    );
  });

  it("does not take a lack of noise for certainty, nor a share of nothing", () => {
    expect(judge([90], [100])).toMatchObject({ significant: false, pValue: null });
    expect(judge([90], [100]).sentence).toContain("but the noise is unknown");
    expect(judge([2, 2], [3, 3])).toMatchObject({ significant: false, pValue: null });
    expect(judge([3, 4], [0, 0]).sentence).toContain("3.5 more test errors");
  });
});

describe("prior matching", () => {
  it("finds the offset that gives absent classes the teacher's mass", () => {
    const teacher = logitsOf([0.2, 0.5, 0.3], [0.4, 0.4, 0.2]);
    const student = addToClasses(teacher, 3, [0], -2.5);
    expect(matchPriors(student, teacher, 3, [0])).toBeCloseTo(2.5, 4);
  });
});
