import { ops } from "@limbeck/graph";
import { z } from "zod";
import type { Loss } from "../loss.js";
import { sumPerSampleMean } from "../reduce.js";

const options = z.strictObject({
  temperature: z
    .number()
    .positive()
    .default(4)
    .meta({ description: "Softens both distributions; above 1, small probabilities count for more." }),
});

/**
 * Hinton's distillation: T² · KL(teacher ‖ student) with both softened by T. The factor T² keeps the gradient's size
 * independent of T.
 */
export const kd: Loss<z.infer<typeof options>> = {
  name: "kd",
  family: "response",
  description: "The student matches the teacher's softened class probabilities.",
  formula:
    "T² times the Kullback-Leibler divergence of softmax(student / T) from softmax(teacher / T), summed over classes, averaged over samples",
  use: "The default wherever teacher and student have the same classes. Few classes, a tiny student or short training: temperature 1 to 4.",
  source: "Hinton, Vinyals & Dean 2015, Distilling the Knowledge in a Neural Network, section 2",
  needs: ["teacher logits"],
  options,
  recipe: "- { loss: kd, temperature: 4, weight: 0.9 }\n- { loss: cross-entropy, weight: 0.1 }",
  compute: ({ logits, teacherLogits }, { temperature }) => {
    const student = ops.logSoftmax(ops.div(logits, temperature));
    const teacher = ops.logSoftmax(ops.div(ops.detach(teacherLogits!), temperature));
    const divergence = sumPerSampleMean(ops.mul(ops.exp(teacher), ops.sub(teacher, student)));
    return ops.mul(divergence, temperature * temperature);
  },
};
