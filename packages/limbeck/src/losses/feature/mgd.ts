import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import { convolve, pointwise } from "../adapters.js";
import { featurePair, requireRank, squaredError } from "../features.js";
import type { Loss } from "../loss.js";
import { samePlaces } from "../spatial.js";

const options = z.strictObject({
  share: z.number().min(0).lt(1).default(0.15).meta({ description: "Share of the student's features that is hidden." }),
  mask: z.enum(["channels", "places"]).default("channels").meta({
    description:
      "Whether whole channels are hidden, as for classification, or all channels of a place, as for detection.",
  }),
});

/** The maps without a random part, anew at every step; what is left is not scaled up. */
function masked(maps: Tensor, { share, mask }: z.infer<typeof options>): Tensor {
  if (share === 0) return maps;
  const [samples, channels, height, width] = maps.shape as [number, number, number, number];
  const shape = mask === "channels" ? [samples, channels, 1, 1] : [samples, 1, height, width];
  const keep = 1 - share;
  return ops.mul(maps, ops.mul(maps.graph.random(maps.dtype, shape, { kind: "dropout-mask", keep }), keep));
}

/** Masked generative distillation. */
export const mgd: Loss<z.infer<typeof options>> = {
  name: "mgd",
  family: "feature",
  description: "From what is left of the student's features, a generator makes up the teacher's.",
  formula:
    "squared difference between generator(mask · align(student)) and teacher, summed over features, averaged over samples; the generator is two 3×3 convolutions with ReLU between them, the alignment a 1×1 convolution where channels differ",
  use: "The last feature maps, or each stage of a detector's neck with mask: places and a share of 0.45 to 0.65. Maps of different sizes are pooled to the smaller. The mask is a function of seed and step.",
  source:
    "Yang et al. 2022, Masked Generative Distillation, equations 2 to 5; weight 0.00007 of the same sum and a share of 0.15 for classification, as in the authors' cls_KD, 0.0000005 and 0.45 for two-stage detectors",
  needs: ["features", "adapters"],
  options,
  weight: 0.00007,
  recipe: "- { loss: mgd, student: stage3, teacher: stage3, weight: 0.00007 }\n- { loss: cross-entropy }",
  compute: (context, given) => {
    const pair = featurePair(context);
    requireRank(pair, [4], "maps [N, C, H, W]");
    const { student, teacher } = samePlaces(pair);
    const [store, channels] = [context.store!, teacher.shape[1]!];
    const aligned = student.shape[1] === channels ? student : pointwise(store, "align", student, channels);
    const hidden = ops.relu(convolve(store, "generation.0", masked(aligned, given), channels));
    return squaredError(convolve(store, "generation.2", hidden, channels), teacher);
  },
};
