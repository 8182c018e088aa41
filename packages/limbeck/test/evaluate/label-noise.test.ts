import { describe, expect, it } from "vitest";
import { doubtedLabels } from "../../src/evaluate/label-noise.js";

/** Logits of which softmax gives back the probabilities. */
const predictions = (probabilities: readonly (readonly number[])[], labels: readonly number[]) => ({
  logits: Float32Array.from(probabilities.flat(), Math.log),
  classes: probabilities[0]!.length,
  labels: Uint8Array.from(labels),
});

describe("labels that a model contradicts", () => {
  // Thresholds, by hand: class 0 (0.9 + 0.8 + 0.1) / 3 = 0.6, class 1 (0.7 + 0.6 + 0.35) / 3 = 0.55.
  const probabilities = [
    [0.9, 0.1],
    [0.8, 0.2],
    [0.1, 0.9],
    [0.3, 0.7],
    [0.4, 0.6],
    [0.65, 0.35],
  ];

  it("are those where it is as sure of another class as it is of that class's own samples", () => {
    const found = doubtedLabels(predictions(probabilities, [0, 0, 0, 1, 1, 1]));
    expect(found.map(({ row, label, answer }) => [row, label, answer])).toEqual([
      [2, 0, 1],
      [5, 1, 0],
    ]);
    expect(found[0]!.probability).toBeCloseTo(0.9, 6);
    expect(found[0]!.labelProbability).toBeCloseTo(0.1, 6);
  });

  it("are none where it is less sure than usual, or knows a class no better than by guessing", () => {
    const unsure = [...probabilities.slice(0, 5), [0.55, 0.45]];
    expect(doubtedLabels(predictions(unsure, [0, 0, 0, 1, 1, 1])).map(({ row }) => row)).toEqual([2]);
    const absent = predictions(
      [
        [0.9, 0.1, 1e-9],
        [0.1, 0.9, 1e-9],
        [0.9, 0.1, 1e-9],
      ],
      [0, 1, 2],
    );
    expect(doubtedLabels(absent)).toEqual([]);
    expect(doubtedLabels(predictions([[1, 1e-9]], []))).toEqual([]);
  });
});
