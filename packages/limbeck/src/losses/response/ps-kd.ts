import { ops } from "@limbeck/graph";
import { z } from "zod";
import { constant } from "../../models/initial.js";
import type { Loss } from "../loss.js";
import { sumPerSampleMean } from "../reduce.js";

/** Marks a sample that was not met yet: probabilities are not negative. */
const UNMET = -1;

const options = z.strictObject({
  share: z.number().min(0).max(1).default(0.8).meta({
    description: "The paper's α at the end: what the student's own prediction has of the target in the last epoch.",
  }),
});

/** Progressive self-distillation. Memory: samples × classes. */
export const psKd: Loss<z.infer<typeof options>> = {
  name: "ps-kd",
  family: "response",
  description: "The student's own predictions of the epoch before soften the labels, more and more.",
  formula:
    "cross-entropy with (1 - a) label + a p, averaged over samples; p is what the student predicted when it last met the sample, a = share · epoch / epochs; a sample that is met for the first time has its label alone",
  use: "Without any teacher, instead of cross-entropy: costs one training and makes confidences honest (lower calibration error). Remembers one row for each sample of the transfer set; needs epochs enough to meet each one often.",
  source:
    "Kim, Ji, Yoon & Hwang 2021, Self-Knowledge Distillation with Progressive Refinement of Targets (ICCV), equations 4 and 5; predictions are those of the training steps, as in the authors' code",
  needs: ["labels", "sample indices", "memory bank", "progress"],
  options,
  recipe: "- { loss: ps-kd }",
  compute: ({ logits, labels, sampleIndices, sampleCount, progress, store }, { share }) => {
    const classes = logits.shape[1]!;
    const memory = store!.buffer("predictions", [sampleCount!, classes], constant(UNMET));
    const logP = ops.logSoftmax(logits);
    store!.carryRows(memory, sampleIndices!, ops.exp(ops.detach(logP)));
    const label = ops.oneHot(labels!, classes);
    const kept = ops.gather(memory, sampleIndices!);
    const before = ops.where(ops.less(kept, 0), label, kept);
    const target = ops.add(label, ops.mul(ops.mul(progress!, share), ops.sub(before, label)));
    return ops.neg(sumPerSampleMean(ops.mul(logP, target)));
  },
};
