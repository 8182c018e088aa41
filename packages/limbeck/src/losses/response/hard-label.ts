import { ops } from "@limbeck/graph";
import { z } from "zod";
import type { Loss } from "../loss.js";
import { sumPerSampleMean } from "../reduce.js";

const options = z.strictObject({});

/** Cross-entropy with the teacher's top class; of equal ones the first. DeiT gives it and the labels half the weight each. */
export const hardLabel: Loss<z.infer<typeof options>> = {
  name: "hard-label",
  family: "response",
  description: "The student learns the teacher's top class as if it was the label.",
  formula: "minus the log-probability that the student gives the teacher's most probable class, averaged over samples",
  use: "Teachers that tell no more than a class; vision transformers taught by convolutional networks. Usually half labels, half this. DeiT's distillation token is `{family: vit, distilled: true}`.",
  source:
    "Touvron et al. 2021, Training data-efficient image transformers & distillation through attention (ICML), section 4",
  needs: ["teacher logits"],
  options,
  recipe: "- { loss: hard-label, weight: 0.5 }\n- { loss: cross-entropy, weight: 0.5 }",
  compute: ({ logits, teacherLogits }) => {
    const top = ops.oneHot(ops.argMax(ops.detach(teacherLogits!)), logits.shape[1]!);
    return ops.neg(sumPerSampleMean(ops.mul(ops.logSoftmax(logits), top)));
  },
};
