import { softmaxRow } from "./metrics.js";

const ITERATIONS = 60;
const RANGE = 50;

/**
 * The offset that, added to the logits of the classes a transfer set lacked, makes their mean probability over some images
 * what the teacher says it is. It looks at no label, and should not be given test images.
 * Source: Hinton, Vinyals & Dean 2015, section 3, where the offset was chosen on the test set instead.
 * @param logits student's, [N, classes]
 * @param teacher teacher's logits of the same images
 * @param absent classes to correct
 */
export function matchPriors(
  logits: Float32Array,
  teacher: Float32Array,
  classes: number,
  absent: readonly number[],
): number {
  const wanted = meanMass(teacher, classes, absent, 0);
  let [low, high] = [-RANGE, RANGE];
  for (let i = 0; i < ITERATIONS; i++) {
    const middle = (low + high) / 2;
    if (meanMass(logits, classes, absent, middle) < wanted) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Mean probability of some classes together, when `offset` is added to their logits. */
function meanMass(logits: Float32Array, classes: number, chosen: readonly number[], offset: number): number {
  const shifted = addToClasses(logits, classes, chosen, offset);
  const rows = logits.length / classes;
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    const probabilities = softmaxRow(shifted, row, classes);
    for (const k of chosen) sum += probabilities[k]!;
  }
  return sum / rows;
}

/** Logits with `offset` added to the columns of some classes. */
export function addToClasses(
  logits: Float32Array,
  classes: number,
  chosen: readonly number[],
  offset: number,
): Float32Array {
  const shifted = logits.slice();
  for (let at = 0; at < shifted.length; at += classes) for (const k of chosen) shifted[at + k]! += offset;
  return shifted;
}
