import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import { divergence, softened, temperatureOption, timesSquare } from "../divergence.js";
import type { Loss } from "../loss.js";
import { centered, spreadOf } from "../spread.js";

const EPS = 1e-7;

const options = z.strictObject({ temperature: temperatureOption(2) });

/** (z - mean) / (deviation + 1e-7) over the classes of each sample; the deviation is the unbiased one. */
function standardized(logits: Tensor): Tensor {
  const shifted = centered(logits, 1);
  const variance = ops.div(
    ops.reduceSum(ops.mul(shifted, shifted), { axes: [1], keepdims: true }),
    logits.shape[1]! - 1,
  );
  return ops.div(shifted, ops.add(spreadOf(variance), EPS));
}

/**
 * T² · KL of logits that were standardized first, so that the student need not match the scale of the teacher's. Rows
 * without spread (deviation below 1e-5) are only centered: the published code divides by 1e-7 there.
 */
export const logitStandardization: Loss<z.infer<typeof options>> = {
  name: "logit-standardization",
  family: "response",
  description: "The student matches the teacher's probabilities after both sides' logits are standardized.",
  formula:
    "of each sample, logits minus their mean, divided by their unbiased standard deviation; of those, T² times the Kullback-Leibler divergence of softmax(student / T) from softmax(teacher / T), summed over classes, averaged over samples",
  use: "Instead of kd where the scales of the logits differ, as with a small student or a confident teacher. Keep some cross-entropy beside it: the loss does not see scale and shift of the student's logits, so confidence is undetermined without it.",
  source: "Sun, Ren, Li, Wang & Cao 2024, Logit Standardization in Knowledge Distillation (CVPR)",
  needs: ["teacher logits"],
  everyClass: true,
  options,
  weight: 9,
  recipe: "- { loss: logit-standardization }\n- { loss: cross-entropy, weight: 0.1 }",
  compute: ({ logits, teacherLogits }, { temperature }) => {
    const teacher = softened(standardized(ops.detach(teacherLogits!)), temperature);
    return timesSquare(divergence(teacher, softened(standardized(logits), temperature)), temperature);
  },
};
