import { ops, type Tensor } from "@limbeck/graph";

/** Scores of one batch in several views. */
export interface DinoScores {
  /** The student's of all views, global ones first, [B, K] each. */
  readonly student: readonly Tensor[];
  /** The teacher's of the global views, [B, K] each; no gradient flows into them. */
  readonly teacher: readonly Tensor[];
  /** What is subtracted from the teacher's, [1, K]. */
  readonly center: Tensor;
  readonly studentTemperature: number;
  /** A scalar. */
  readonly teacherTemperature: Tensor;
}

/** What is minimized, and by what a collapse is seen. */
export interface DinoObjective {
  /** Cross-entropy of the teacher's views to each other view of the student, in nats; mean over pairs and samples. */
  readonly loss: Tensor;
  /** Of the teacher's answers, in nats; mean over views and samples. */
  readonly entropy: Tensor;
  /** `loss` without `entropy`. */
  readonly kl: Tensor;
}

/** Caron et al. 2021, eq. 1 and 3. */
export function dinoObjective({ student, teacher, center, ...temperatures }: DinoScores): DinoObjective {
  const logs = student.map((scores) => ops.logSoftmax(ops.div(scores, temperatures.studentTemperature)));
  const sharpened = teacher.map((scores) => {
    return ops.div(ops.sub(ops.detach(scores), center), temperatures.teacherTemperature);
  });
  const crossed = sharpened.map((scores, t) => {
    const others = mean(logs.filter((_, view) => view !== t));
    return crossEntropy(ops.softmax(scores), others);
  });
  const entropies = sharpened.map((scores) => crossEntropy(ops.softmax(scores), ops.logSoftmax(scores)));
  const [loss, entropy] = [mean(crossed), mean(entropies)];
  return { loss, entropy, kl: ops.sub(loss, entropy) };
}

/** The center after a step: a moving mean of the teacher's scores. @param kept what is left of it, 0 … 1 */
export function nextCenter(center: Tensor, teacher: readonly Tensor[], kept: number): Tensor {
  const now = ops.reduceMean(ops.concat([...teacher], 0), { axes: [0], keepdims: true });
  return ops.add(ops.mul(center, kept), ops.mul(ops.detach(now), 1 - kept));
}

function crossEntropy(probabilities: Tensor, logs: Tensor): Tensor {
  const batch = logs.shape[0]!;
  return ops.div(ops.neg(ops.reduceSum(ops.mul(probabilities, logs))), batch);
}

function mean(values: readonly Tensor[]): Tensor {
  return ops.div(
    values.reduce((a, b) => ops.add(a, b)),
    values.length,
  );
}
