import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import { divergence, softened, timesSquare } from "../divergence.js";
import type { Loss } from "../loss.js";

const part = (what: string) =>
  z
    .number()
    .min(0)
    .default(1)
    .meta({ description: `Weight of ${what}.` });

const options = z.strictObject({
  temperatures: z
    .array(z.number().positive())
    .min(1)
    .default([2, 3, 4, 5, 6])
    .meta({ description: "Every part is added up over these." }),
  instance: part("the samples' divergences"),
  batch: part("the likeness between samples"),
  classes: part("the likeness between classes"),
});

/** Sum of squared differences between two Gram matrices, divided by their side. */
function gramDistance(a: Tensor, b: Tensor, gram: (x: Tensor) => Tensor): Tensor {
  const difference = ops.sub(gram(a), gram(b));
  return ops.div(ops.reduceSum(ops.mul(difference, difference)), difference.shape[0]!);
}

/**
 * Multi-level logit distillation. Only the divergences carry T², as in the published code, which also adds all up over a
 * weak and a strong view of each image; here there is one view. Its confidence masks only rescale the loss there, and are
 * left out.
 */
export const mlld: Loss<z.infer<typeof options>> = {
  name: "mlld",
  family: "response",
  description: "The student matches single answers, the likeness between samples, and that between classes.",
  formula:
    "added up over temperatures T: T² times the Kullback-Leibler divergence of softmax(student / T) from softmax(teacher / T), summed over classes, averaged over samples; plus the squared differences between the matrices P Pᵀ of both sides, divided by the batch; plus those between the matrices Pᵀ P, divided by the number of classes",
  use: "Batches of 32 or more, and long training: its published numbers come from twice the usual schedule and a weak and a strong view of each image. `augment: [{ name: rand-augment, p: 0.5 }]` comes near to these views.",
  source: "Jin, Wang & Lin 2023, Multi-Level Logit Distillation (CVPR)",
  needs: ["teacher logits"],
  options,
  recipe: "- { loss: mlld }\n- { loss: cross-entropy }",
  compute: ({ logits, teacherLogits }, { temperatures, instance, batch, classes }) => {
    const known = ops.detach(teacherLogits!);
    const samplesAlike = (p: Tensor) => ops.matmul(p, ops.transpose(p));
    const classesAlike = (p: Tensor) => ops.matmul(ops.transpose(p), p);
    const parts = temperatures.flatMap((temperature) => {
      const [student, teacher] = [softened(logits, temperature), softened(known, temperature)];
      const [p, q] = [ops.exp(student), ops.exp(teacher)];
      return [
        ops.mul(timesSquare(divergence(teacher, student), temperature), instance),
        ops.mul(gramDistance(p, q, samplesAlike), batch),
        ops.mul(gramDistance(p, q, classesAlike), classes),
      ];
    });
    return ops.sumOf(parts);
  },
};
