import { gradients, ops, type Tensor } from "@limbeck/graph";
import type { LossContext } from "../losses/loss.js";

type Saliency = NonNullable<LossContext["saliency"]>;

/**
 * Gradients of both networks' logits of one class, by the images that both see: the teacher's most probable class of each.
 * The student's can be differentiated in turn. In training, batch normalization couples the images of a batch, as in PyTorch.
 * @throws GraphError NO_GRADIENT where a network has none by its images
 */
export function saliencyOf(images: Tensor, student: Tensor, teacher: Tensor): Saliency {
  const classes = teacher.shape[1]!;
  const chosen = ops.detach(ops.oneHot(ops.argMax(teacher), classes));
  const slope = (logits: Tensor, again: boolean) =>
    gradients(ops.reduceSum(ops.mul(logits, chosen)), [images], { again })[0]!;
  return { student: slope(student, true), teacher: ops.detach(slope(teacher, false)) };
}
