import { ops } from "@limbeck/graph";
import { z } from "zod";
import { divergence, softened, temperatureOption, timesSquare } from "../divergence.js";
import type { Loss } from "../loss.js";

const options = z.strictObject({ temperature: temperatureOption(4) });

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
  use: "The default wherever teacher and student have the same classes. With few classes, a tiny student or short training, temperatures of 1 to 4. With temperature 1, no labels, mixup and very long training it is function matching, which is a preset.",
  source: "Hinton, Vinyals & Dean 2015, Distilling the Knowledge in a Neural Network, section 2",
  needs: ["teacher logits"],
  linearAt: ({ temperature }) => temperature,
  options,
  recipe: "- { loss: kd, temperature: 4, weight: 0.9 }\n- { loss: cross-entropy, weight: 0.1 }",
  compute: ({ logits, teacherLogits }, { temperature }) => {
    const teacher = softened(ops.detach(teacherLogits!), temperature);
    return timesSquare(divergence(teacher, softened(logits, temperature)), temperature);
  },
};
