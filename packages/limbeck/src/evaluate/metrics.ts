import { mean } from "./statistics.js";

/** Logits of some samples, [size, classes], and their true classes. */
export interface Predictions {
  readonly logits: Float32Array;
  readonly classes: number;
  readonly labels: Uint8Array;
}

const CALIBRATION_BINS = 15;

/** softmax(logits / temperature) of one row, in double precision. */
export function softmaxRow(logits: Float32Array, row: number, classes: number, temperature = 1): Float64Array {
  const values = Float64Array.from(logits.subarray(row * classes, (row + 1) * classes), (z) => z / temperature);
  const top = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const exps = values.map((z) => Math.exp(z - top));
  const sum = exps.reduce((a, b) => a + b, 0);
  return exps.map((e) => e / sum);
}

/** The top class of each row; the first of equals. */
export function topClasses(logits: Float32Array, classes: number): Uint8Array {
  return Uint8Array.from({ length: logits.length / classes }, (_, row) => {
    let best = 0;
    for (let k = 1; k < classes; k++) if (logits[row * classes + k]! > logits[row * classes + best]!) best = k;
    return best;
  });
}

/** Number of wrongly classified samples. */
export function countErrors({ logits, classes, labels }: Predictions): number {
  return topClasses(logits, classes).reduce((errors, top, i) => errors + (top === labels[i] ? 0 : 1), 0);
}

/** Counts by true class (row) and predicted class (column). */
export function confusionMatrix({ logits, classes, labels }: Predictions): number[][] {
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  topClasses(logits, classes).forEach((top, i) => {
    matrix[labels[i]!]![top]! += 1;
  });
  return matrix;
}

/** Samples whose confidence lies in one of 15 ranges of equal width, (low, high]. */
export interface ReliabilityBin {
  readonly low: number;
  readonly high: number;
  readonly count: number;
  /** Mean probability of the top class; 0 where there are no samples. */
  readonly confidence: number;
  /** Share of them that are right; 0 where there are no samples. */
  readonly accuracy: number;
}

/** How right a model is where it is how sure. @param temperature divides the logits */
export function reliabilityBins({ logits, classes, labels }: Predictions, temperature = 1): ReliabilityBin[] {
  const bins = Array.from({ length: CALIBRATION_BINS }, () => ({ confidence: 0, correct: 0, count: 0 }));
  topClasses(logits, classes).forEach((top, row) => {
    const confidence = softmaxRow(logits, row, classes, temperature)[top]!;
    const bin = bins[Math.min(CALIBRATION_BINS - 1, Math.ceil(confidence * CALIBRATION_BINS) - 1)]!;
    bin.confidence += confidence;
    bin.count += 1;
    if (top === labels[row]) bin.correct += 1;
  });
  return bins.map(({ confidence, correct, count }, i) => ({
    low: i / CALIBRATION_BINS,
    high: (i + 1) / CALIBRATION_BINS,
    count,
    confidence: count > 0 ? confidence / count : 0,
    accuracy: count > 0 ? correct / count : 0,
  }));
}

/** How far confidence is from accuracy, averaged over samples. */
export function binnedError(bins: readonly ReliabilityBin[]): number {
  const samples = bins.reduce((sum, { count }) => sum + count, 0);
  return (
    bins.reduce((sum, { count, confidence, accuracy }) => sum + count * Math.abs(confidence - accuracy), 0) / samples
  );
}

/**
 * Expected calibration error: how far confidence is from accuracy, averaged over 15 bins of equal width.
 * Source: Guo et al. 2017, On Calibration of Modern Neural Networks, equation 3.
 */
export function calibrationError(predictions: Predictions): number {
  return binnedError(reliabilityBins(predictions));
}

/** Share of samples on which two models have the same top class. */
export function agreement(a: Float32Array, b: Float32Array, classes: number): number {
  const [left, right] = [topClasses(a, classes), topClasses(b, classes)];
  return left.reduce((same, top, i) => same + (top === right[i] ? 1 : 0), 0) / left.length;
}

/** KL(teacher ‖ student) of each sample at temperature 1, in nats. */
export function rowKl(teacher: Float32Array, student: Float32Array, classes: number): number[] {
  return Array.from({ length: teacher.length / classes }, (_, row) => {
    const [p, q] = [softmaxRow(teacher, row, classes), softmaxRow(student, row, classes)];
    let sum = 0;
    p.forEach((value, k) => {
      if (value > 0) sum += value * Math.log(value / Math.max(q[k]!, Number.MIN_VALUE));
    });
    return sum;
  });
}

/** Mean KL(teacher ‖ student) over samples at temperature 1, in nats. */
export function meanKl(teacher: Float32Array, student: Float32Array, classes: number): number {
  return mean(rowKl(teacher, student, classes));
}
