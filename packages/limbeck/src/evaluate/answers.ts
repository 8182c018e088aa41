import { softmaxRow, topClasses } from "./metrics.js";

/** What a model answers to all samples, and what follows from it for each. */
export interface Answers {
  /** [samples, classes] */
  readonly logits: Float32Array;
  readonly tops: ArrayLike<number>;
  /** Probability of the top class of each. */
  readonly confidence: Float64Array;
}

export function answersOf(logits: Float32Array, classes: number): Answers {
  const tops = topClasses(logits, classes);
  const confidence = Float64Array.from(tops, (top, row) => softmaxRow(logits, row, classes)[top]!);
  return { logits, tops, confidence };
}
