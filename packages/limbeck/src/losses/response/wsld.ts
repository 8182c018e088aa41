import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import { divergenceOfRows, softened, temperatureOption, timesSquare } from "../divergence.js";
import { labelShares } from "../labels.js";
import type { Loss } from "../loss.js";
import { sumPerSampleMean } from "../reduce.js";

const EPS = 1e-7;

const options = z.strictObject({ temperature: temperatureOption(4) });

/**
 * KD whose samples are weighted by 1 - exp(-CE of the student / CE of the teacher), without gradient: soft labels of
 * samples that the student knows better than the teacher count little. The published code has cross-entropy in the place
 * of the divergence, which differs by a value without gradient.
 */
export const wsld: Loss<z.infer<typeof options>> = {
  name: "wsld",
  family: "response",
  description: "kd, with less weight on samples that the student knows better than the teacher.",
  formula:
    "T² times the Kullback-Leibler divergence of softmax(student / T) from softmax(teacher / T), summed over classes, times 1 - exp(-(student's cross-entropy with the label) / (teacher's)), averaged over samples",
  use: "Beside cross-entropy, where soft labels seem to hold back what the student already knows. Needs labels.",
  source: "Zhou, Song, Chen, Zhou, Wang, Yuan & Zhang 2021, Rethinking Soft Labels for Knowledge Distillation (ICLR)",
  needs: ["labels", "teacher logits"],
  mixes: true,
  options,
  weight: 2.25,
  recipe: "- { loss: wsld }\n- { loss: cross-entropy }",
  compute: (context, { temperature }) => {
    const { logits, teacherLogits } = context;
    const known = ops.detach(teacherLogits!);
    const shares = labelShares(context, logits.shape[1]!);
    const crossEntropy = (z: Tensor) => ops.neg(ops.reduceSum(ops.mul(ops.logSoftmax(z), shares), { axes: [1] }));
    const ratio = ops.div(crossEntropy(ops.detach(logits)), ops.add(crossEntropy(known), EPS));
    const weights = ops.sub(1, ops.exp(ops.neg(ratio)));
    const rows = divergenceOfRows(softened(known, temperature), softened(logits, temperature));
    return timesSquare(sumPerSampleMean(ops.mul(rows, weights)), temperature);
  },
};
