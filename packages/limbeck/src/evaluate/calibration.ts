import { permutation, randomStream } from "@limbeck/graph";
import { binnedError, type Predictions, type ReliabilityBin, reliabilityBins, softmaxRow } from "./metrics.js";
import { takeRows } from "./rows.js";

/** How far a model's probabilities can be taken at their word. */
export interface CalibrationScores {
  /** Expected calibration error, 15 bins of equal width, 0 … 1 (Guo et al. 2017). */
  readonly ece: number;
  /** Mean negative log-likelihood of the labels, in nats. */
  readonly nll: number;
  /** Squared distance of probabilities and the one-hot label, summed over classes, averaged over samples, 0 … 2 (Brier 1950). */
  readonly brier: number;
  readonly bins: readonly ReliabilityBin[];
}

/** Calibration, and what dividing the logits by one temperature makes of it. */
export interface Calibration {
  /** Of all samples, as the model answers. */
  readonly all: CalibrationScores;
  /** Temperature with the lowest NLL on the first half of the samples; null where there are fewer than two. */
  readonly scaled: {
    readonly temperature: number;
    /** Samples that the temperature was fitted on, and others that both columns are measured on. */
    readonly fittedOn: number;
    readonly testedOn: number;
    readonly before: CalibrationScores;
    readonly after: CalibrationScores;
  } | null;
}

const RANGE = [1e-2, 1e2] as const;
const ITERATIONS = 80;

/** @param seed of which samples the temperature is fitted on */
export function measureCalibration(predictions: Predictions, seed: number): Calibration {
  const all = calibrationScores(predictions);
  const samples = predictions.labels.length;
  if (samples < 2) return { all, scaled: null };
  const order = permutation(samples, randomStream(seed, "calibration"));
  const half = samples >> 1;
  const [fitted, tested] = [
    takeSamples(predictions, order.subarray(0, half)),
    takeSamples(predictions, order.subarray(half)),
  ];
  const temperature = fitTemperature(fitted);
  const [before, after] = [calibrationScores(tested), calibrationScores(tested, temperature)];
  return { all, scaled: { temperature, fittedOn: half, testedOn: samples - half, before, after } };
}

function takeSamples({ logits, classes, labels }: Predictions, rows: Uint32Array): Predictions {
  return { logits: takeRows(logits, classes, rows), classes, labels: Uint8Array.from(rows, (row) => labels[row]!) };
}

/** @param temperature divides the logits */
export function calibrationScores(predictions: Predictions, temperature = 1): CalibrationScores {
  const { logits, classes, labels } = predictions;
  const bins = reliabilityBins(predictions, temperature);
  let [nll, brier] = [0, 0];
  labels.forEach((label, row) => {
    const p = softmaxRow(logits, row, classes, temperature);
    nll -= logSoftmaxAt(logits, row, classes, label, temperature);
    p.forEach((value, k) => {
      brier += (value - (k === label ? 1 : 0)) ** 2;
    });
  });
  return { ece: binnedError(bins), nll: nll / labels.length, brier: brier / labels.length, bins };
}

/** Stays finite where the probability itself would be 0. */
function logSoftmaxAt(logits: Float32Array, row: number, classes: number, k: number, temperature: number): number {
  const start = row * classes;
  let top = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < classes; c++) top = Math.max(top, logits[start + c]! / temperature);
  let sum = 0;
  for (let c = 0; c < classes; c++) sum += Math.exp(logits[start + c]! / temperature - top);
  return logits[start + k]! / temperature - top - Math.log(sum);
}

/**
 * The temperature between 0.01 and 100 at which the labels are likeliest (Guo et al. 2017, section 4.2). The negative
 * log-likelihood is convex in 1 / T, so that its slope is followed by bisection.
 */
export function fitTemperature({ logits, classes, labels }: Predictions): number {
  /** Of the NLL by 1 / T: what the model expects of the logit, less the label's. */
  const slope = (temperature: number) => {
    let sum = 0;
    for (let row = 0; row < labels.length; row++) {
      const start = row * classes;
      let top = Number.NEGATIVE_INFINITY;
      for (let c = 0; c < classes; c++) top = Math.max(top, logits[start + c]!);
      let [weights, weighted] = [0, 0];
      for (let c = 0; c < classes; c++) {
        const weight = Math.exp((logits[start + c]! - top) / temperature);
        weights += weight;
        weighted += weight * logits[start + c]!;
      }
      sum += weighted / weights - logits[start + labels[row]!]!;
    }
    return sum;
  };
  let [low, high] = RANGE.map(Math.log) as [number, number];
  for (let i = 0; i < ITERATIONS && high - low > 1e-10; i++) {
    const middle = (low + high) / 2;
    // A positive slope in 1 / T asks for a smaller 1 / T.
    if (slope(Math.exp(middle)) > 0) low = middle;
    else high = middle;
  }
  return Math.exp((low + high) / 2);
}
