import { softmaxRow } from "./metrics.js";
import { mean } from "./statistics.js";

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
  const wanted = mean(massesOf(teacher, classes, absent));
  const masses = massesOf(logits, classes, absent);
  let [low, high] = [-RANGE, RANGE];
  for (let i = 0; i < ITERATIONS; i++) {
    const middle = (low + high) / 2;
    const factor = Math.exp(middle);
    const moved = mean(masses.map((mass) => (mass * factor) / (mass * factor + 1 - mass)));
    if (moved < wanted) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Of each row, the probability of some classes together. */
function massesOf(logits: Float32Array, classes: number, chosen: readonly number[]): number[] {
  return Array.from({ length: logits.length / classes }, (_, row) => {
    const probabilities = softmaxRow(logits, row, classes);
    return chosen.reduce((sum, k) => sum + probabilities[k]!, 0);
  });
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
