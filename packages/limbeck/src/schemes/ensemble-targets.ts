import { ops, type Tensor } from "@limbeck/graph";

/**
 * Makes one soft target of several models' answers.
 * @param answers logits [N, K] each, detached
 * @param shares of each class in the labels, [N, K]
 * @returns logits [N, K]
 */
export type EnsembleTarget = (answers: readonly Tensor[], shares: Tensor) => Tensor;

/** The targets of KDCL (Guo et al. 2020, section 3), by the names that recipes use. */
export const ensembleTargets: Readonly<Record<"naive" | "linear" | "min-logit", EnsembleTarget>> = {
  naive: (answers, shares) => {
    const all = stacked(answers);
    return ops.gather(all, ops.argMin(crossEntropies(all, shares), 0));
  },
  linear: (answers, shares) => {
    const all = stacked(answers);
    return combined(ops.unsqueeze(bestWeights(all, shares), [0]), all, answers[0]!.shape);
  },
  "min-logit": (answers, shares) =>
    ops.minimumOf(
      answers.map((logits) => ops.sub(logits, ops.reduceSum(ops.mul(logits, shares), { axes: [1], keepdims: true }))),
    ),
};

/** [M, N, K] */
const stacked = (answers: readonly Tensor[]) =>
  ops.concat(
    answers.map((logits) => ops.unsqueeze(logits, [0])),
    0,
  );

/** Averaged over samples, for each of several answers [M, N, K]: [M]. */
function crossEntropies(answers: Tensor, shares: Tensor): Tensor {
  const logs = ops.mul(ops.logSoftmax(answers), shares);
  return ops.div(ops.neg(ops.reduceSum(logs, { axes: [1, 2] })), answers.shape[1]!);
}

/** Weighted sums of answers [M, N, K], one for each row of weights [C, M], in the shape asked for. */
function combined(weights: Tensor, answers: Tensor, shape: readonly number[]): Tensor {
  return ops.reshape(ops.matmul(weights, ops.reshape(answers, [answers.shape[0]!, -1])), shape);
}

const ROUNDS = 8;
/** How far the logarithm of two weights' ratio may move in a round: not at all, or by a power of two up to 32. */
const MOVES: readonly number[] = [0, ...Array.from({ length: 16 }, (_, i) => 2 ** (i - 10))];

/**
 * The weights, positive and of sum 1, with which the weighted sum of logits has the lowest cross-entropy: [M]. The problem is
 * convex, and its gradient is in the graph at no cost; each round of exponentiated gradient tries all step lengths at
 * once and takes the best, so that no round makes it worse and nothing depends on the scale of logits.
 */
function bestWeights(answers: Tensor, shares: Tensor): Tensor {
  const { graph } = answers;
  const [models, samples, classes] = answers.shape as [number, number, number];
  const moves = graph.constant("float32", [MOVES.length, 1], MOVES);
  let logs = graph.constant("float32", [1, models], Array(models).fill(0));
  for (let round = 0; round < ROUNDS; round++) {
    const ensemble = combined(ops.softmax(logs), answers, [samples, classes]);
    const errors = ops.sub(ops.softmax(ensemble), shares);
    const slopes = ops.reduceSum(ops.mul(answers, errors), { axes: [1, 2] });
    const centered = ops.sub(slopes, ops.reduceMean(slopes, { axes: [0], keepdims: true }));
    const spread = ops.sub(ops.reduceMax(slopes, { axes: [0] }), ops.reduceMin(slopes, { axes: [0] }));
    const direction = ops.div(centered, ops.maximum(spread, SMALLEST_SPREAD));
    const tried = ops.sub(logs, ops.mul(moves, direction));
    const sums = combined(ops.softmax(tried), answers, [MOVES.length, samples, classes]);
    logs = ops.unsqueeze(ops.gather(tried, ops.argMin(crossEntropies(sums, shares), 0)), [0]);
  }
  return ops.reshape(ops.softmax(logs), [models]);
}

/** Below it no weights are better than others. */
const SMALLEST_SPREAD = 1e-12;
