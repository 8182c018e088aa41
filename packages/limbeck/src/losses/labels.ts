import { ops, type Tensor } from "@limbeck/graph";
import type { LossContext } from "./loss.js";

/** What each class has of a sample's label, [N, classes]: 1 of the true class, or the shares of two where images are mixed. */
export function labelShares({ labels, mixed }: Pick<LossContext, "labels" | "mixed">, classes: number): Tensor {
  const first = ops.oneHot(labels!, classes);
  if (!mixed) return first;
  const second = ops.oneHot(mixed.labels, classes);
  return ops.add(ops.mul(first, mixed.share), ops.mul(second, ops.sub(1, mixed.share)));
}
