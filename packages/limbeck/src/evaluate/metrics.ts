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

/**
 * Expected calibration error: how far confidence is from accuracy, averaged over 15 bins of equal width.
 * Source: Guo et al. 2017, On Calibration of Modern Neural Networks, equation 3.
 */
export function calibrationError({ logits, classes, labels }: Predictions): number {
  const bins = Array.from({ length: CALIBRATION_BINS }, () => ({ confidence: 0, correct: 0 }));
  topClasses(logits, classes).forEach((top, row) => {
    const confidence = softmaxRow(logits, row, classes)[top]!;
    const bin = bins[Math.min(CALIBRATION_BINS - 1, Math.ceil(confidence * CALIBRATION_BINS) - 1)]!;
    bin.confidence += confidence;
    if (top === labels[row]) bin.correct += 1;
  });
  return bins.reduce((sum, { confidence, correct }) => sum + Math.abs(confidence - correct), 0) / labels.length;
}

/** Share of samples on which two models have the same top class. */
export function agreement(a: Float32Array, b: Float32Array, classes: number): number {
  const [left, right] = [topClasses(a, classes), topClasses(b, classes)];
  return left.reduce((same, top, i) => same + (top === right[i] ? 1 : 0), 0) / left.length;
}

/** Mean KL(teacher ‖ student) over samples at temperature 1, in nats. */
export function meanKl(teacher: Float32Array, student: Float32Array, classes: number): number {
  const rows = teacher.length / classes;
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    const [p, q] = [softmaxRow(teacher, row, classes), softmaxRow(student, row, classes)];
    p.forEach((value, k) => {
      if (value > 0) sum += value * Math.log(value / Math.max(q[k]!, Number.MIN_VALUE));
    });
  }
  return sum / rows;
}
