import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { answersOf } from "../../src/evaluate/answers.js";
import { bootstrap } from "../../src/evaluate/bootstrap.js";
import { calibrationScores, fitTemperature, measureCalibration } from "../../src/evaluate/calibration.js";
import { balancedAccuracy, countClasses, macroF1 } from "../../src/evaluate/class-scores.js";
import { mcnemarP, percentileEstimate, quantile, wilsonEstimate } from "../../src/evaluate/intervals.js";
import { score } from "../../src/evaluate/scores.js";
import { spread } from "../../src/evaluate/statistics.js";

const golden = JSON.parse(readFileSync(new URL("../golden/evaluation.json", import.meta.url), "utf8"));

interface Case {
  readonly name: string;
  readonly classes: number;
  readonly [key: string]: unknown;
}

const quiet = { seed: 3, onResample: async () => {} };

function scoresOf(one: Case, resamples = 0) {
  const labels = Uint8Array.from(one.labels as number[]);
  const classes = Array.from({ length: one.classes }, (_, k) => `class ${k}`);
  const all = ["reference", "model"].map((key) => answersOf(Float32Array.from(one[key] as number[]), one.classes));
  const asked = { labels, classes, indices: labels.map((_, row) => row) };
  return score(all, asked, { reference: 0, resamples, ...quiet });
}

describe.each(golden.cases as Case[])("scores against NumPy: $name", (one) => {
  const near = (estimate: { value: number; low: number; high: number } | null, key: string) => {
    const [value, low, high] = one[key] as number[];
    expect(estimate!.value).toBeCloseTo(value!, 12);
    expect(estimate!.low).toBeCloseTo(low!, 9);
    expect(estimate!.high).toBeCloseTo(high!, 9);
  };

  it("task metrics", async () => {
    const { task } = (await scoresOf(one))[1]!;
    expect([task.errors, task.confusion]).toEqual([one.errors, one.confusion]);
    near(task.accuracy, "accuracy");
    near(task.classes[0]!.recall, "recall0");
    near(task.classes[0]!.precision, "precision0");
    expect(task.balancedAccuracy.value).toBeCloseTo(one.balancedAccuracy as number, 12);
    expect(task.macroF1.value).toBeCloseTo(one.macroF1 as number, 12);
    if (one.classes < 10) expect(task.top5).toBeNull();
    else near(task.top5, "top5");
  });

  it("beside the reference", async () => {
    const [reference, { comparison }] = (await scoresOf(one)) as [
      Awaited<ReturnType<typeof score>>[0],
      Awaited<ReturnType<typeof score>>[0],
    ];
    expect(reference!.comparison).toBeNull();
    const { churn, agreement, kl, mcnemar, accuracyDifference } = comparison!;
    expect(churn.classes.map(({ forgotten }) => forgotten)).toEqual(one.forgotten);
    expect(churn.classes.map(({ learned }) => learned)).toEqual(one.learned);
    expect(churn.wrongOtherwise).toBe(one.wrongOtherwise);
    expect(agreement.value).toBeCloseTo(one.agreement as number, 12);
    expect(kl.value).toBeCloseTo(one.kl as number, 10);
    expect(mcnemar.pValue).toBeCloseTo(one.pValue as number, 6);
    expect(accuracyDifference.value).toBeCloseTo((churn.learned - churn.forgotten) / (one.labels as []).length, 12);
    const confidences = churn.worst.map(({ confidence }) => confidence);
    expect(confidences).toEqual([...confidences].sort((a, b) => b - a));
    for (const { label, predicted, reference: theirs } of churn.worst) {
      expect([predicted === label, theirs.predicted]).toEqual([false, label]);
    }
  });

  it("calibration and its temperature", () => {
    const labels = Uint8Array.from(one.labels as number[]);
    const predictions = { logits: Float32Array.from(one.model as number[]), classes: one.classes, labels };
    const { ece, nll, brier } = calibrationScores(predictions);
    expect([ece, nll, brier]).toEqual(["ece", "nll", "brier"].map((key) => expect.closeTo(one[key] as number, 10)));
    const temperature = fitTemperature(predictions);
    expect(temperature / (one.temperature as number)).toBeCloseTo(1, 6);
    const scaled = calibrationScores(predictions, one.temperature as number);
    expect({ ece: scaled.ece, nll: scaled.nll }).toEqual({
      ece: expect.closeTo((one.scaled as { ece: number }).ece, 10),
      nll: expect.closeTo((one.scaled as { nll: number }).nll, 10),
    });
  });
});

describe("calibration", () => {
  it("is never judged on the samples that the temperature was fitted on", () => {
    const one = golden.cases[2] as Case;
    const labels = Uint8Array.from(one.labels as number[]);
    const predictions = { logits: Float32Array.from(one.model as number[]), classes: one.classes, labels };
    const { all, scaled } = measureCalibration(predictions, 1);
    expect([scaled!.fittedOn, scaled!.testedOn]).toEqual([45, 45]);
    expect(scaled!.before.bins.reduce((sum, { count }) => sum + count, 0)).toBe(45);
    expect(scaled!.after.nll).toBeLessThan(scaled!.before.nll);
    expect(measureCalibration(predictions, 1)).toEqual({ all, scaled });
    expect(measureCalibration(predictions, 2).scaled!.temperature).not.toBe(scaled!.temperature);
  });

  it("stays finite for logits that leave no probability to the label, and for one sample", () => {
    const certain = { logits: Float32Array.of(4000, 0), classes: 2, labels: Uint8Array.of(1) };
    expect(calibrationScores(certain)).toMatchObject({ nll: 4000, brier: 2, ece: 1 });
    expect(measureCalibration(certain, 1).scaled).toBeNull();
  });
});

describe("intervals", () => {
  it.each(golden.wilson as number[][])("Wilson: %i of %i", (successes, trials, low, high) => {
    const found = wilsonEstimate(successes!, trials!)!;
    expect(found.value).toBe(successes! / trials!);
    expect([found.low, found.high]).toEqual([expect.closeTo(low!, 9), expect.closeTo(high!, 9)]);
  });

  it("there is none of nothing", () => expect(wilsonEstimate(0, 0)).toBeNull());

  it.each(golden.mcnemar as number[][])("McNemar: %i and %i", (b, c, p) => {
    expect(Math.abs(mcnemarP(b!, c!) - p!)).toBeLessThan(1e-7 + 1e-6 * p!);
    expect(mcnemarP(c!, b!)).toBe(mcnemarP(b!, c!));
  });

  it("quantiles are NumPy's", () => {
    const { values, shares } = golden.quantiles;
    for (const [share, expected] of shares) expect(quantile(values, share)).toBeCloseTo(expected, 9);
    expect([quantile([7], 0.9), quantile([], 0.5)]).toEqual([7, Number.NaN]);
  });

  it("without resamples an interval is the value itself", () => {
    expect(percentileEstimate(0.5, [])).toEqual({ value: 0.5, low: 0.5, high: 0.5 });
  });
});

describe("the bootstrap", () => {
  it("spreads a mean as theory says, and is the same for the same seed", async () => {
    const one = golden.cases[1] as Case;
    const labels = one.labels as number[];
    const { tops } = answersOf(Float32Array.from(one.model as number[]), one.classes);
    const right = labels.map((label, row) => (tops[row] === label ? 1 : 0));
    const draw = async (seed: number) => {
      const shares: number[] = [];
      await bootstrap(right.length, 2000, seed, (drawn) => {
        shares.push(drawn.reduce((sum, row) => sum + right[row]!, 0) / right.length);
      });
      return shares;
    };
    const shares = await draw(1);
    // Of 2,000 draws the deviation is known to 1.6 %.
    expect(spread(shares).sd! / (one.accuracyError as number)).toBeCloseTo(1, 1);
    expect([await draw(1), (await draw(2))[0]]).toEqual([shares, expect.not.closeTo(shares[0]!, 12)]);
  });

  it("gives intervals around the values, narrower for differences of models that err together", async () => {
    const [, scores] = await scoresOf(golden.cases[0], 500);
    const { task, comparison } = scores!;
    for (const { value, low, high } of [
      task.balancedAccuracy,
      task.macroF1,
      comparison!.kl,
      comparison!.accuracyDifference,
    ]) {
      expect([low < value, value < high]).toEqual([true, true]);
    }
    expect(await scoresOf(golden.cases[0], 500)).toEqual(await scoresOf(golden.cases[0], 500));
    const twin = { ...golden.cases[0], model: golden.cases[0].reference };
    expect((await scoresOf(twin, 100))[1]!.comparison).toMatchObject({
      accuracyDifference: { value: 0, low: 0, high: 0 },
      mcnemar: { pValue: 1, significant: false },
      agreement: { value: 1, high: 1 },
      kl: { value: 0 },
    });
  });
});

describe("classes without samples", () => {
  const counts = countClasses([0, 2, 2], [0, 0, 2], 4, [0, 1, 2]);

  it("count for F1 where they are predicted, and for balanced accuracy never", () => {
    expect(balancedAccuracy(counts)).toBe((0.5 + 1) / 2);
    expect(macroF1(counts)).toBeCloseTo((2 / 3 + 2 / 3) / 2, 12);
    expect(macroF1(countClasses([1, 0], [0, 0], 4, [0, 1]))).toBeCloseTo((2 / 3 + 0) / 2, 12);
  });
});
