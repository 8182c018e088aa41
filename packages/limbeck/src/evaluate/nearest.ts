/** Features of samples, and their classes. */
export interface LabelledFeatures {
  /** [samples, width] */
  readonly features: Float32Array;
  readonly width: number;
  /** [samples] */
  readonly labels: Uint8Array;
}

/** As Wu et al. 2018 and Caron et al. 2021 take them. */
export const NEIGHBORS = 20;
const TEMPERATURE = 0.07;

/**
 * Wrong answers of the nearest neighbors: the 20 known samples with the largest cosine vote for their classes, with weights
 * exp(cosine / 0.07). What no network was trained to answer, this tells of its features.
 */
export function nearestErrors(known: LabelledFeatures, asked: LabelledFeatures, classes: number): number {
  const [ours, theirs] = [unitRows(known), unitRows(asked)];
  const cosines = new Float32Array(known.labels.length);
  let errors = 0;
  for (let row = 0; row < asked.labels.length; row++) {
    cosinesTo(ours, theirs, row, known.width, cosines);
    if (votedClass(cosines, known.labels, classes) !== asked.labels[row]) errors++;
  }
  return errors;
}

function cosinesTo(all: Float32Array, rows: Float32Array, row: number, width: number, target: Float32Array): void {
  for (let i = 0; i < target.length; i++) {
    let sum = 0;
    for (let k = 0; k < width; k++) sum += all[i * width + k]! * rows[row * width + k]!;
    target[i] = sum;
  }
}

function votedClass(cosines: Float32Array, labels: Uint8Array, classes: number): number {
  const nearest = largest(cosines, Math.min(NEIGHBORS, cosines.length));
  return vote(
    nearest.map((i) => ({ label: labels[i]!, cosine: cosines[i]! })),
    classes,
  );
}

/** The class that neighbors vote for, with weights exp(cosine / 0.07). */
export function vote(
  neighbors: readonly { readonly label: number; readonly cosine: number }[],
  classes: number,
): number {
  const votes = new Float64Array(classes);
  for (const { label, cosine } of neighbors) votes[label]! += Math.exp(cosine / TEMPERATURE);
  return votes.indexOf(Math.max(...votes));
}

/** Places of the largest values; of equal ones the first. */
function largest(values: Float32Array, count: number): number[] {
  const found: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (found.length === count && values[i]! <= values[found.at(-1)!]!) continue;
    let place = found.length;
    while (place > 0 && values[found[place - 1]!]! < values[i]!) place--;
    found.splice(place, 0, i);
    if (found.length > count) found.pop();
  }
  return found;
}

/** Rows of length 1; a row of zeros stays. */
function unitRows({ features, width }: LabelledFeatures): Float32Array {
  const rows = features.slice();
  for (let start = 0; start < rows.length; start += width) {
    const row = rows.subarray(start, start + width);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0)) || 1;
    for (let k = 0; k < width; k++) row[k]! /= length;
  }
  return rows;
}
