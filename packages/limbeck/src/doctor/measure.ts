import { calibrationError, countErrors, type Predictions, softmaxRow } from "../evaluate/metrics.js";
import { mean, median, spread } from "../evaluate/statistics.js";
import type { AnswerFacts, TemperatureFacts } from "./facts.js";

/** Temperatures that are looked at. */
const [COLDEST, HOTTEST] = [0.25, 64];
/** Rows that the search for a temperature looks at. */
const SEARCHED = 1000;

function rowsOf(logits: Float32Array, classes: number): Float32Array[] {
  return Array.from({ length: logits.length / classes }, (_, row) =>
    logits.subarray(row * classes, (row + 1) * classes),
  );
}

function entropy(probabilities: Float64Array): number {
  return probabilities.reduce((sum, p) => (p > 0 ? sum - p * Math.log(p) : sum), 0);
}

/** Mean over samples of the standard deviation (n - 1) of a sample's logits. */
export function logitSpread(logits: Float32Array, classes: number): number {
  return mean(rowsOf(logits, classes).map((row) => spread([...row]).sd!));
}

/** Mean entropy of softmax(logits / temperature), as a share of that of equal probabilities. */
export function relativeEntropy(logits: Float32Array, classes: number, temperature = 1): number {
  const rows = Array.from({ length: logits.length / classes }, (_, row) => row);
  return mean(rows.map((row) => entropy(softmaxRow(logits, row, classes, temperature)))) / Math.log(classes);
}

/** See {@link AnswerFacts.tailSpread}. */
function tailSpread(row: Float32Array): number {
  const sorted = [...row].sort((a, b) => b - a);
  const [top, tail] = [sorted[0]!, sorted.slice(1)];
  const gap = top - mean(tail);
  return gap > 0 ? spread(tail).sd! / gap : 1;
}

/** What answers to some samples are like. */
export function answerFacts(predictions: Predictions): AnswerFacts {
  const { logits, classes, labels } = predictions;
  const tops = rowsOf(logits, classes).map((_, row) => Math.max(...softmaxRow(logits, row, classes)));
  const sorted = [...tops].sort((a, b) => a - b);
  const relative = relativeEntropy(logits, classes);
  return {
    samples: labels.length,
    accuracy: 1 - countErrors(predictions) / labels.length,
    confidence: mean(tops),
    ceiling: sorted[Math.floor(0.99 * (sorted.length - 1))]!,
    middle: median(tops),
    ece: calibrationError(predictions),
    entropy: relative * Math.log(classes),
    relativeEntropy: relative,
    logitSpread: logitSpread(logits, classes),
    tailSpread: classes > 2 ? median(rowsOf(logits, classes).map(tailSpread)) : null,
  };
}

/** The temperature at which the mean entropy is a share of the most that there can be; entropy rises with temperature. */
function temperatureAt(logits: Float32Array, classes: number, share: number): number {
  const some = logits.subarray(0, SEARCHED * classes);
  let [low, high] = [Math.log(COLDEST), Math.log(HOTTEST)];
  for (let i = 0; i < 20; i++) {
    const middle = (low + high) / 2;
    if (relativeEntropy(some, classes, Math.exp(middle)) < share) low = middle;
    else high = middle;
  }
  return Number(Math.exp((low + high) / 2).toPrecision(2));
}

export function temperatureFacts(logits: Float32Array, classes: number): TemperatureFacts {
  // Answers are never sharpened: what is soft enough as it is stays as it is.
  const at = (share: number) => Math.max(1, temperatureAt(logits, classes, share));
  return { lowest: at(0.1), suggested: at(0.3), highest: at(0.75) };
}
