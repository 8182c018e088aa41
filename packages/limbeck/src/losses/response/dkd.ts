import { ops } from "@limbeck/graph";
import { z } from "zod";
import { divergence, temperatureOption, timesSquare } from "../divergence.js";
import type { Loss } from "../loss.js";
import { splitAtTarget } from "../without-target.js";

const options = z.strictObject({
  temperature: temperatureOption(4),
  target: z.number().min(0).default(1).meta({ description: "The paper's α: weight of the true class's probability." }),
  others: z.number().min(0).default(8).meta({
    description: "The paper's β: weight of the other classes. 8 suits 100 classes; 2 or less for 10; 0.5 for 1,000.",
  }),
});

/**
 * α · TCKD + β · NCKD, both times T². A class is taken out of a softmax by subtracting 1,000 from its logit. The published
 * code warms up over 20 of 240 epochs, in steps of an epoch; here the weight climbs with every step.
 */
export const dkd: Loss<z.infer<typeof options>> = {
  name: "dkd",
  family: "response",
  description: "What the teacher says of the true class and of the others among themselves is matched separately.",
  formula:
    "T² times (α times the divergence of (true class, all others together) plus β times the divergence of the other classes' probabilities among themselves), each summed over classes and averaged over samples; probabilities are softened by T",
  use: "Many classes and a confident teacher, whose certainty would drown what it knows of the other classes. Needs labels. With two classes only the first part is left.",
  source: "Zhao, Cui, Song, Qiu & Liang 2022, Decoupled Knowledge Distillation (CVPR), equation 7",
  needs: ["labels", "teacher logits"],
  options,
  schedule: { kind: "warm-up" },
  recipe: "- { loss: dkd, others: 2, schedule: { kind: warm-up, epochs: 20 } }\n- { loss: cross-entropy }",
  compute: ({ logits, teacherLogits, labels }, { temperature, target, others }) => {
    const oneHot = ops.oneHot(labels!, logits.shape[1]!);
    const student = splitAtTarget(logits, oneHot, temperature);
    const teacher = splitAtTarget(ops.detach(teacherLogits!), oneHot, temperature);
    const binary = ops.add(divergence(teacher.target, student.target), divergence(teacher.rest, student.rest));
    const among = divergence(teacher.others, student.others);
    return timesSquare(ops.add(ops.mul(binary, target), ops.mul(among, others)), temperature);
  },
};
