import type { Attributes, Tensor } from "../tensor.js";
import { emitOne } from "./build.js";

/** How the losses of class numbers treat samples. */
export interface ClassLossOptions {
  /** Weight of each class, [C]; without gradient. */
  readonly weight?: Tensor | undefined;
  /** Samples with this class number are left out. */
  readonly ignoreIndex?: number;
  /** "mean" (the default) divides the weighted sum by the sum of the weights; "none" keeps a value for each sample. */
  readonly reduction?: "mean" | "sum" | "none";
}

function classLoss(op: string, scores: Tensor, labels: Tensor, options: ClassLossOptions): Tensor {
  const { weight, ignoreIndex, reduction = "mean" } = options;
  const attributes: Attributes = { reduction, ...(ignoreIndex === undefined ? {} : { ignore_index: ignoreIndex }) };
  return emitOne(op, weight ? [scores, labels, weight] : [scores, labels], attributes);
}

/** PyTorch's `cross_entropy`: logits [N, C, …] and class numbers [N, …] (int64 or int32), 0 … C - 1. */
export function crossEntropy(logits: Tensor, labels: Tensor, options: ClassLossOptions = {}): Tensor {
  return classLoss("SoftmaxCrossEntropyLoss", logits, labels, options);
}

/** PyTorch's `nll_loss`: logarithms of probabilities [N, C, …] and class numbers [N, …], 0 … C - 1. */
export function negativeLogLikelihood(logs: Tensor, labels: Tensor, options: ClassLossOptions = {}): Tensor {
  return classLoss("NegativeLogLikelihoodLoss", logs, labels, options);
}
