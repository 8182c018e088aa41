import { ops, type Tensor } from "@limbeck/graph";

/** The house convention: sum over classes or features, mean over samples. */
export function sumPerSampleMean(x: Tensor): Tensor {
  return ops.div(ops.reduceSum(x), x.shape[0]!);
}
