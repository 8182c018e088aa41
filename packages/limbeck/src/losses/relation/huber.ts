import { ops, type Tensor } from "@limbeck/graph";

/** Mean of Huber's loss with threshold 1, as `torch.nn.functional.smooth_l1_loss`. */
export function huberMean(student: Tensor, teacher: Tensor): Tensor {
  const error = ops.abs(ops.sub(student, teacher));
  const limited = ops.clip(error, undefined, 1);
  return ops.reduceMean(ops.mul(limited, ops.sub(error, ops.mul(limited, 0.5))));
}
