import { ops } from "@limbeck/graph";
import { z } from "zod";
import { divergence, softened, temperatureOption, timesSquare } from "../divergence.js";
import type { Loss } from "../loss.js";

const options = z.strictObject({ temperature: temperatureOption(4) });

/** Class-wise self-distillation: kd whose teacher is the student itself, at another sample of the same class. */
export const csKd: Loss<z.infer<typeof options>> = {
  name: "cs-kd",
  family: "response",
  description: "The student is to say the same of two samples of a class.",
  formula:
    "T² times the Kullback-Leibler divergence of softmax(student / T) from softmax(student at another sample of the same class / T), which no gradient flows into, summed over classes, averaged over samples",
  use: "Without any teacher, beside cross-entropy, where classes are many and alike (the authors take weight 3 there). Costs a second forward pass.",
  source:
    "Yun, Park, Lee & Shin 2020, Regularizing Class-wise Predictions via Self-Knowledge Distillation (CVPR), equation 2; partners are drawn anew for each sample and epoch; never the sample itself, which the authors' code may draw, unless its class has no other",
  needs: ["same-class pair"],
  options,
  recipe: "- { loss: cs-kd }\n- { loss: cross-entropy }",
  compute: ({ logits, partnerLogits }, { temperature }) => {
    const partner = softened(ops.detach(partnerLogits!), temperature);
    return timesSquare(divergence(partner, softened(logits, temperature)), temperature);
  },
};
