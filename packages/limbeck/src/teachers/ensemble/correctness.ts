/**
 * Soft targets by members that know the label of each sample to different degrees: weights are proportional to the
 * probability that a member gives to the label, exp(-cross-entropy), at temperature 1.
 * @param answers all members' logits side by side, [samples, members · classes]
 * @returns T · log Σ wₖ softmax(zₖ / T), [samples, classes]
 */
export function combineByLabels(
  answers: Float32Array,
  labels: Uint8Array,
  classes: number,
  temperature: number,
): Float32Array {
  const width = answers.length / labels.length;
  const members = width / classes;
  const result = new Float32Array(labels.length * classes);
  labels.forEach((label, row) => {
    const rows = Array.from({ length: members }, (_, k) =>
      answers.subarray(row * width + k * classes, row * width + (k + 1) * classes),
    );
    const scores = rows.map((logits) => logits[label]! - logSum([...logits]));
    const total = logSum(scores);
    const parts = rows.map((logits, k) => {
      const soft = Array.from(logits, (logit) => logit / temperature);
      return { soft, offset: scores[k]! - total - logSum(soft) };
    });
    for (let c = 0; c < classes; c++) {
      const mixture = logSum(parts.map(({ soft, offset }) => soft[c]! + offset));
      result[row * classes + c] = temperature * mixture;
    }
  });
  return result;
}

/** log Σ exp, without overflow. */
function logSum(values: readonly number[]): number {
  const most = Math.max(...values);
  return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0));
}
