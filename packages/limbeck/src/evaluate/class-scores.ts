/** How often each class is right, said, and true; `[classes]` each. */
export interface ClassCounts {
  readonly right: Float64Array;
  readonly predicted: Float64Array;
  readonly actual: Float64Array;
}

/** Counts of some rows; a row may be counted several times. @param tops predicted class of each row */
export function countClasses(
  tops: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  rows: ArrayLike<number>,
): ClassCounts {
  const counts = {
    right: new Float64Array(classes),
    predicted: new Float64Array(classes),
    actual: new Float64Array(classes),
  };
  for (let i = 0; i < rows.length; i++) {
    const [top, label] = [tops[rows[i]!]!, labels[rows[i]!]!];
    counts.predicted[top]! += 1;
    counts.actual[label]! += 1;
    if (top === label) counts.right[label]! += 1;
  }
  return counts;
}

/** Mean recall of the classes that have samples (Brodersen et al. 2010). */
export function balancedAccuracy({ right, actual }: ClassCounts): number {
  let [sum, present] = [0, 0];
  for (let k = 0; k < actual.length; k++) {
    if (actual[k] === 0) continue;
    sum += right[k]! / actual[k]!;
    present++;
  }
  return sum / present;
}

/**
 * F1 of one class: the harmonic mean of precision and recall, 0 where nothing is right; null where the class is neither true
 * nor predicted anywhere.
 */
export function classF1({ right, predicted, actual }: ClassCounts, k: number): number | null {
  const both = predicted[k]! + actual[k]!;
  return both === 0 ? null : (2 * right[k]!) / both;
}

/** Mean F1 of the classes that are true or predicted somewhere. */
export function macroF1(counts: ClassCounts): number {
  let [sum, present] = [0, 0];
  for (let k = 0; k < counts.actual.length; k++) {
    const f1 = classF1(counts, k);
    if (f1 === null) continue;
    sum += f1;
    present++;
  }
  return sum / present;
}

/** Of each row, whether the label is among the `k` classes with the largest logits; of equals the first count as larger. */
export function amongTop(logits: Float32Array, labels: ArrayLike<number>, classes: number, k: number): boolean[] {
  return Array.from({ length: labels.length }, (_, row) => {
    const start = row * classes;
    const label = labels[row]!;
    const own = logits[start + label]!;
    let before = 0;
    for (let c = 0; c < classes; c++) {
      const other = logits[start + c]!;
      if (other > own || (other === own && c < label)) before++;
    }
    return before < k;
  });
}
