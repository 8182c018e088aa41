import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import { featurePair, requireRank, square, unit } from "../features.js";
import type { Loss } from "../loss.js";
import { channelsFirst, toSmallerMaps } from "../spatial.js";

const options = z.strictObject({});

/** Mean over samples and pairs of channels of (u · v)². */
function kernelMean(a: Tensor, b: Tensor): Tensor {
  return ops.reduceMean(square(ops.matmul(a, ops.swapLast(b))));
}

/** Neuron selectivity transfer. */
export const nst: Loss<z.infer<typeof options>> = {
  name: "nst",
  family: "feature",
  description: "The student's channels respond to the same places as the teacher's, as a distribution over channels.",
  formula:
    "squared maximum mean discrepancy, with kernel (u · v)², between the channels of student and teacher, each divided by its length; averaged over samples",
  use: "The last feature maps, alone or with kd. Channels may differ; sizes are pooled to the smaller.",
  source:
    "Huang & Wang 2017, Like What You Like: Knowledge Distill via Neuron Selectivity Transfer, equations 4 to 8, polynomial kernel with c = 0, d = 2; weight 50, which is an average in the paper as well",
  needs: ["features"],
  options,
  weight: 50,
  recipe: "- { loss: nst, student: stage3, teacher: stage3, weight: 50 }\n- { loss: cross-entropy }",
  compute: (context) => {
    const pair = featurePair(context);
    requireRank(pair, [4], "maps [N, C, H, W]");
    const [ours, theirs] = toSmallerMaps(pair.student, pair.teacher);
    const [student, teacher] = [unit(channelsFirst(ours), [2]), unit(channelsFirst(theirs), [2])];
    const own = ops.add(kernelMean(student, student), kernelMean(teacher, teacher));
    return ops.sub(own, ops.mul(kernelMean(student, teacher), 2));
  },
};
