import { ops, type Tensor } from "@limbeck/graph";
import { softened } from "../../losses/divergence.js";
import type { EnsembleRule } from "./options.js";

/**
 * Logits [N, K] of an ensemble: T · log Σ wₖ softmax(zₖ / T), so that softmax(logits / T) is the mixture of the members'
 * softened distributions (Hinton, Vinyals & Dean 2015). Weights add up to 1 for each sample. Where labels would weigh, all
 * members count the same: here are none.
 * @param logits each member's, [N, K]
 */
export function combined(logits: readonly Tensor[], rule: EnsembleRule): Tensor {
  const { temperature } = rule;
  const weights = logWeights(logits, rule);
  const parts = logits.map((member, k) => ops.add(softened(member, temperature), weights[k]!));
  const mixture = logSum(parts);
  return temperature === 1 ? mixture : ops.mul(mixture, temperature);
}

/** Logarithms of the members' weights: numbers, or one for each sample, [N, 1]. */
function logWeights(logits: readonly Tensor[], { combine, weights }: EnsembleRule): readonly (Tensor | number)[] {
  const equal = () => logits.map(() => -Math.log(logits.length));
  const given = () => weights!.map((weight) => Math.log(weight / weights!.reduce((a, b) => a + b, 0)));
  const confident = () => {
    const certainties = logits.map(negativeEntropy);
    const all = logSum(certainties);
    return certainties.map((certainty) => ops.sub(certainty, all));
  };
  return { mean: equal, weighted: given, confidence: confident, correctness: equal }[combine]();
}

/** Σ p log p of each row, [N, 1]. */
export function negativeEntropy(logits: Tensor): Tensor {
  const logP = ops.logSoftmax(logits);
  return ops.reduceSum(ops.mul(ops.exp(logP), logP), { axes: [1], keepdims: true });
}

/** log Σ exp over tensors of one shape [N, C]. */
export function logSum(parts: readonly Tensor[]): Tensor {
  const side = ops.concat(
    parts.map((part) => ops.unsqueeze(part, [1])),
    1,
  );
  return ops.reduceLogSumExp(side, { axes: [1] });
}
