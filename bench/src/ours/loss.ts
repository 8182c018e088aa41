import { ops, type Tensor } from "@limbeck/graph";

/**
 * Hard and soft targets mixed: `w · CE(labels) + (1 - w) · T² · KL(teacher ‖ student)` with both softened by T, summed over
 * classes, averaged over samples. Source: Hinton, Vinyals & Dean 2015, section 2.
 * @param logits [N, K]
 * @param labels int64 [N]
 * @param teacherLogits [N, K]
 */
export function distillationLoss(
  logits: Tensor,
  labels: Tensor,
  teacherLogits: Tensor,
  { temperature, hardWeight }: { readonly temperature: number; readonly hardWeight: number },
): Tensor {
  const hard = ops.mul(ops.logSoftmax(logits), ops.oneHot(labels, logits.shape[1]!));
  const student = ops.logSoftmax(ops.div(logits, temperature));
  const teacher = ops.logSoftmax(ops.div(teacherLogits, temperature));
  const soft = ops.mul(ops.exp(teacher), ops.sub(teacher, student));
  const crossEntropy = ops.neg(sumPerSampleMean(hard));
  const divergence = ops.mul(sumPerSampleMean(soft), temperature * temperature);
  return ops.add(ops.mul(crossEntropy, hardWeight), ops.mul(divergence, 1 - hardWeight));
}

function sumPerSampleMean(x: Tensor): Tensor {
  return ops.div(ops.reduceSum(x), x.shape[0]!);
}
