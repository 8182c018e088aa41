import { ops, type Tensor } from "@limbeck/graph";

/** What of the mean error is added to each model's own: equal models get equal weights, and rounding is no matter. */
const RIDGE = 1e-3;
/** Of models without any error. */
const SMALLEST_ERROR = 1e-12;
const WORSE_THAN_ANY = 3e38;

/**
 * How models err together: the mean over samples of Σ (pᵢ - y)(pⱼ - y), p their probabilities.
 * @param answers logits [N, K] of M models
 * @param shares of each class in the labels, [N, K]
 * @returns [M, M]
 */
export function errorProducts(answers: readonly Tensor[], shares: Tensor): Tensor {
  const errors = answers.map((logits) => ops.reshape(ops.sub(ops.softmax(logits), shares), [1, -1]));
  const all = ops.concat(errors, 0);
  return ops.div(ops.matmul(all, ops.swapLast(all)), shares.shape[0]!);
}

/**
 * The weights, none negative and of sum 1, with which the models' mixture has the smallest error wᵀ C w. Without a bound the
 * solution is C⁻¹ 1, divided by its sum; here it is that of the best of all choices of models, each solved at once.
 * @param products [M, M], as {@link errorProducts} makes them; M ≤ 8
 * @returns [M]
 */
export function bestMixture(products: Tensor): Tensor {
  const { graph } = products;
  const models = products.shape[0]!;
  const choices = 2 ** models - 1;
  const chosen = Array.from({ length: choices }, (_, c) => {
    return Array.from({ length: models }, (_, m) => ((c + 1) >> m) & 1);
  });
  const masks = graph.constant("float32", [choices, models, 1], chosen.flat());
  const identity = graph.constant("float32", [models, models], unitMatrix(models));
  const errors = withRidge(products, identity);
  const others = ops.mul(ops.sub(1, masks), identity);
  const matrices = ops.add(ops.mul(ops.mul(errors, masks), ops.transpose(masks, [0, 2, 1])), others);
  const solved = solveAll(matrices, masks);
  const weights = ops.div(solved, ops.reduceSum(solved, { axes: [1], keepdims: true }));
  const error = ops.reduceSum(ops.mul(weights, ops.matmul(errors, weights)), { axes: [1, 2] });
  const isFit = ops.greater(ops.reduceMin(weights, { axes: [1, 2] }), -1e-12);
  const best = ops.argMin(ops.where(isFit, error, graph.scalar(WORSE_THAN_ANY)), 0);
  return ops.reshape(ops.gather(weights, best), [models]);
}

/**
 * Logarithms of the mixture of probabilities.
 * @param answers logits [N, K] of M models
 * @param weights [M]
 * @returns [N, K]
 */
export function mixtureLogits(answers: readonly Tensor[], weights: Tensor): Tensor {
  const logs = ops.log(ops.maximum(weights, SMALLEST_WEIGHT));
  const weighed = answers.map((logits, m) => {
    return ops.unsqueeze(ops.add(ops.logSoftmax(logits), ops.slice(logs, [m], [m + 1], [0])), [0]);
  });
  return logSumExp(ops.concat(weighed, 0));
}

/** Of a model that has no part in the mixture. */
const SMALLEST_WEIGHT = 1e-30;

/** Over the first axis. */
function logSumExp(x: Tensor): Tensor {
  const most = ops.reduceMax(x, { axes: [0], keepdims: true });
  const sum = ops.reduceSum(ops.exp(ops.sub(x, most)), { axes: [0] });
  return ops.add(ops.log(sum), ops.reshape(most, sum.shape));
}

function unitMatrix(size: number): number[] {
  return Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0));
}

function withRidge(products: Tensor, identity: Tensor): Tensor {
  const mean = ops.div(ops.reduceSum(ops.mul(products, identity)), products.shape[0]!);
  return ops.add(products, ops.mul(identity, ops.add(ops.mul(mean, RIDGE), SMALLEST_ERROR)));
}

/** Solves A x = b for positive definite matrices [C, M, M] and [C, M, 1], by elimination without pivots. */
function solveAll(matrices: Tensor, right: Tensor): Tensor {
  const size = matrices.shape[1]!;
  const { graph } = matrices;
  let both = ops.concat([matrices, right], 2);
  for (let k = 0; k < size; k++) {
    const row = ops.slice(both, [k], [k + 1], [1]);
    const normalized = ops.div(row, ops.slice(row, [k], [k + 1], [2]));
    const own = graph.constant("float32", [size, 1], unitMatrix(size).slice(k * size, (k + 1) * size));
    const column = ops.sub(ops.slice(both, [k], [k + 1], [2]), own);
    both = ops.sub(both, ops.mul(column, normalized));
  }
  return ops.slice(both, [size], [size + 1], [2]);
}
