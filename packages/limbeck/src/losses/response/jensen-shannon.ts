import { ops } from "@limbeck/graph";
import { z } from "zod";
import { divergence, logMixture, softened, temperatureOption, timesSquare } from "../divergence.js";
import type { Loss } from "../loss.js";

const options = z.strictObject({
  temperature: temperatureOption(1),
  teacherShare: z.number().gt(0).lt(1).default(0.5).meta({
    description:
      "GKD's β: the teacher's share of the mixture. The loss shrinks with β (1 - β): near 0 or 1, raise the weight.",
  }),
});

/**
 * Generalized Jensen-Shannon divergence: M = β · teacher + (1 - β) · student; β · KL(teacher ‖ M) + (1 - β) · KL(student ‖ M).
 * β must lie between 0 and 1: GKD's code takes kd and reverse KL at the ends, which are not the formula's limits (those are 0).
 */
export const jensenShannon: Loss<z.infer<typeof options>> = {
  name: "jensen-shannon",
  family: "response",
  description: "Student and teacher are both near their mixture.",
  formula:
    "T² times (β times the Kullback-Leibler divergence of the mixture from the teacher plus (1 - β) times that of the mixture from the student), where the mixture is β teacher + (1 - β) student of probabilities softened by T; summed over classes, averaged over samples",
  use: "Between kd, which covers all that the teacher holds possible, and reverse-kl, which picks some. Bounded: one confident error cannot dominate.",
  source: "Agarwal et al. 2024, On-Policy Distillation of Language Models (GKD, ICLR)",
  needs: ["teacher logits"],
  options,
  recipe: "- { loss: jensen-shannon }\n- { loss: cross-entropy, weight: 0.1 }",
  compute: ({ logits, teacherLogits }, { temperature, teacherShare }) => {
    const teacher = softened(ops.detach(teacherLogits!), temperature);
    const student = softened(logits, temperature);
    const mixture = logMixture(teacher, student, teacherShare);
    const covered = ops.mul(divergence(teacher, mixture), teacherShare);
    return timesSquare(ops.add(covered, ops.mul(divergence(student, mixture), 1 - teacherShare)), temperature);
  },
};
