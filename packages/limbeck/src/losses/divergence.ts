import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import { sumPerSampleMean } from "./reduce.js";

/** Option of all losses that soften both distributions. */
export const temperatureOption = (usual: number) =>
  z
    .number()
    .positive()
    .default(usual)
    .meta({ description: "Softens both distributions; above 1, small probabilities count for more." });

/** Logarithms of softened probabilities: log softmax(logits / T). */
export function softened(logits: Tensor, temperature: number): Tensor {
  return ops.logSoftmax(temperature === 1 ? logits : ops.div(logits, temperature));
}

/** Σ p (log p - log q) for each row [N], from logarithms, so that small probabilities lose nothing. */
export function divergenceOfRows(logP: Tensor, logQ: Tensor): Tensor {
  return ops.reduceSum(ops.mul(ops.exp(logP), ops.sub(logP, logQ)), { axes: [1] });
}

/** KL(p ‖ q) of rows of logarithms [N, K], summed over classes, averaged over samples. */
export function divergence(logP: Tensor, logQ: Tensor): Tensor {
  return sumPerSampleMean(divergenceOfRows(logP, logQ));
}

/**
 * log(share · p + (1 - share) · q) from logarithms; 0 < share < 1. Nothing large is added to the larger of the two, which
 * may be small.
 */
export function logMixture(logP: Tensor, logQ: Tensor, share: number): Tensor {
  const [p, q] = [ops.add(logP, Math.log(share)), ops.add(logQ, Math.log1p(-share))];
  const isFirst = ops.greater(p, q);
  const [larger, smaller] = [ops.where(isFirst, p, q), ops.where(isFirst, q, p)];
  return ops.add(larger, ops.softplus(ops.sub(smaller, larger)));
}

/** Multiplies by T², which keeps the size of gradients independent of T (Hinton et al. 2015, section 2). */
export function timesSquare(loss: Tensor, temperature: number): Tensor {
  return temperature === 1 ? loss : ops.mul(loss, temperature * temperature);
}
