import { ops, type Tensor } from "@limbeck/graph";

/** Takes a class out of a softmax. Not infinity: 0 · ∞ is not a number. */
const OUT = 1000;

/** Softened probabilities with the true class set apart, as DKD and NKD do; all values are logarithms. */
export interface TargetSplit {
  /** Of the true class [N, 1]. */
  readonly target: Tensor;
  /** Of all other classes together [N, 1]. */
  readonly rest: Tensor;
  /** Of the other classes among themselves [N, K]; the true class has probability 0. */
  readonly others: Tensor;
}

/** Splits softmax(logits / T) at the true classes. @param oneHot [N, K] */
export function splitAtTarget(logits: Tensor, oneHot: Tensor, temperature: number): TargetSplit {
  const scaled = temperature === 1 ? logits : ops.div(logits, temperature);
  const all = ops.logSoftmax(scaled);
  const without = (x: Tensor) => ops.sub(x, ops.mul(oneHot, OUT));
  return {
    target: ops.reduceSum(ops.mul(all, oneHot), { axes: [1], keepdims: true }),
    rest: ops.reduceLogSumExp(without(all), { axes: [1], keepdims: true }),
    others: ops.logSoftmax(without(scaled)),
  };
}
