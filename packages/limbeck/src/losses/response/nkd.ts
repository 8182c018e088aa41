import { ops } from "@limbeck/graph";
import { z } from "zod";
import { temperatureOption, timesSquare } from "../divergence.js";
import type { Loss } from "../loss.js";
import { sumPerSampleMean } from "../reduce.js";
import { splitAtTarget } from "../without-target.js";

const options = z.strictObject({
  temperature: temperatureOption(1).meta({
    description: "Softens the other classes; the true class is never softened.",
  }),
  others: z.number().min(0).default(1.5).meta({ description: "The paper's γ: weight of the other classes." }),
});

/** Cross-entropy with the teacher's confidence in the true class, plus that of the others, normalized among themselves. */
export const nkd: Loss<z.infer<typeof options>> = {
  name: "nkd",
  family: "response",
  description: "The true class counts as much as the teacher trusts it; the others are normalized first.",
  formula:
    "minus the teacher's probability of the true class times the student's log-probability of it, minus γ T² times the sum over the other classes of the teacher's probability times the student's log-probability, both among these classes only and softened by T; averaged over samples",
  use: "Many classes, beside cross-entropy. Needs labels.",
  source: "Yang, Zeng, Li, Zhang, Yuan & Li 2023, From Knowledge Distillation to Self-Knowledge Distillation (ICCV)",
  needs: ["labels", "teacher logits"],
  options,
  recipe: "- { loss: nkd }\n- { loss: cross-entropy }",
  compute: ({ logits, teacherLogits, labels }, { temperature, others }) => {
    const oneHot = ops.oneHot(labels!, logits.shape[1]!);
    const known = ops.detach(teacherLogits!);
    const crossed = (pick: "target" | "others", softening: number) => {
      const [teacher, student] = [known, logits].map((z) => splitAtTarget(z, oneHot, softening)[pick]);
      return ops.neg(sumPerSampleMean(ops.mul(ops.exp(teacher!), student!)));
    };
    const among = timesSquare(crossed("others", temperature), temperature);
    return ops.add(crossed("target", 1), ops.mul(among, others));
  },
};
