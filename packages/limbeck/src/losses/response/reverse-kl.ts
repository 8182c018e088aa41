import { ops } from "@limbeck/graph";
import { z } from "zod";
import { divergence, softened, temperatureOption, timesSquare } from "../divergence.js";
import type { Loss } from "../loss.js";

const options = z.strictObject({ temperature: temperatureOption(1) });

/** T² · KL(student ‖ teacher): the expectation is the student's. */
export const reverseKl: Loss<z.infer<typeof options>> = {
  name: "reverse-kl",
  family: "response",
  description: "The student puts probability only where the teacher does.",
  formula:
    "T² times the Kullback-Leibler divergence of softmax(teacher / T) from softmax(student / T), summed over classes, averaged over samples",
  use: "A student too small to cover all that the teacher holds possible: it picks some and leaves the rest. Language models above all.",
  source: "Gu, Dong, Wei & Huang 2024, MiniLLM (ICLR)",
  needs: ["teacher logits"],
  everyClass: true,
  options,
  recipe: "- { loss: reverse-kl }",
  compute: ({ logits, teacherLogits }, { temperature }) => {
    const teacher = softened(ops.detach(teacherLogits!), temperature);
    return timesSquare(divergence(softened(logits, temperature), teacher), temperature);
  },
};
