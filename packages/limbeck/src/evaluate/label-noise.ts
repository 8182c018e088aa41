import { type Predictions, softmaxRow } from "./metrics.js";
import { mean } from "./statistics.js";

/** A sample whose label a model confidently contradicts. */
export interface DoubtedLabel {
  /** Place among the samples. */
  readonly row: number;
  readonly label: number;
  /** What the model takes it for. */
  readonly answer: number;
  /** Of the answer, at temperature 1. */
  readonly probability: number;
  /** Of the label, at temperature 1. */
  readonly labelProbability: number;
}

/**
 * Labels that are probably wrong, the most doubtful first: those off the diagonal of the confident joint. A model is sure of a class
 * where its probability is at least the mean of its probabilities on samples with that label; where it is sure of several, the most
 * probable counts. Classes that it knows no better than by guessing are left out, as labels and as answers. Only answers to samples
 * that the model did not learn from tell anything: what it learned by heart it does not contradict.
 * Source: Northcutt, Jiang & Chuang 2021, Confident Learning: Estimating Uncertainty in Dataset Labels, equation 1.
 */
export function doubtedLabels({ logits, classes, labels }: Predictions): DoubtedLabel[] {
  const rows = Array.from(labels, (_, row) => softmaxRow(logits, row, classes));
  const thresholds = thresholdsOf(rows, labels, classes);
  const isKnown = (k: number) => thresholds[k]! > 1 / classes;
  const doubted = rows.flatMap((probabilities, row): DoubtedLabel[] => {
    const label = labels[row]!;
    const sure = Array.from(probabilities.keys()).filter((k) => isKnown(k) && probabilities[k]! >= thresholds[k]!);
    if (sure.length === 0 || !isKnown(label)) return [];
    const answer = sure.reduce((best, k) => (probabilities[k]! > probabilities[best]! ? k : best));
    if (answer === label || probabilities[answer]! <= probabilities[label]!) return [];
    return [{ row, label, answer, probability: probabilities[answer]!, labelProbability: probabilities[label]! }];
  });
  const margin = (doubt: DoubtedLabel) => doubt.probability - doubt.labelProbability;
  return doubted.sort((a, b) => margin(b) - margin(a) || a.row - b.row);
}

/** Mean probability of each class on samples with that label; 0 where there are none. */
function thresholdsOf(rows: readonly Float64Array[], labels: Uint8Array, classes: number): number[] {
  return Array.from({ length: classes }, (_, k) => {
    const own = rows.flatMap((probabilities, row) => (labels[row] === k ? [probabilities[k]!] : []));
    return own.length > 0 ? mean(own) : 0;
  });
}
