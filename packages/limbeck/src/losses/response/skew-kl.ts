import { ops } from "@limbeck/graph";
import { z } from "zod";
import { divergence, logMixture, softened, temperatureOption, timesSquare } from "../divergence.js";
import type { Loss } from "../loss.js";

const options = z.strictObject({
  temperature: temperatureOption(1),
  skew: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.1)
    .meta({ description: "DistiLLM's α: how much of the first distribution is mixed into the second." }),
  reverse: z
    .boolean()
    .default(false)
    .meta({ description: "Takes the student for the first distribution, and the teacher for the second." }),
});

/** KL(p ‖ α p + (1 - α) q): p is the teacher, q the student, or the other way round. */
export const skewKl: Loss<z.infer<typeof options>> = {
  name: "skew-kl",
  family: "response",
  description:
    "The student matches the teacher, with a little of the teacher mixed into it, which bounds the gradient.",
  formula:
    "T² times the Kullback-Leibler divergence of α p + (1 - α) q from p, where p is softmax(teacher / T) and q softmax(student / T), or with `reverse` the other way round; summed over classes, averaged over samples",
  use: "Large vocabularies and students that give the teacher's answers next to no probability: gradients stay bounded where kd's explode.",
  source: "Ko, Kim, Chen & Yun 2024, DistiLLM (ICML), section 3.1",
  needs: ["teacher logits"],
  options,
  recipe: "- { loss: skew-kl, skew: 0.1 }",
  compute: ({ logits, teacherLogits }, { temperature, skew, reverse }) => {
    const teacher = softened(ops.detach(teacherLogits!), temperature);
    const student = softened(logits, temperature);
    const [p, q] = reverse ? [student, teacher] : [teacher, student];
    return timesSquare(divergence(p, logMixture(p, q, skew)), temperature);
  },
};
