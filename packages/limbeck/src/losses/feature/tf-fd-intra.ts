import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import { squaredError, unit } from "../features.js";
import type { Loss } from "../loss.js";
import { requireMaps } from "../own-maps.js";

const options = z.strictObject({});

/** Channels from the most active to the least, int64 [C]: by the mean of what is left when each map is divided by its length. */
function ranking(maps: Tensor): Tensor {
  const activity = ops.reduceMean(unit(ops.detach(maps), [2, 3]), { axes: [0, 2, 3] });
  return ops.topK(activity, maps.shape[1]!).indices;
}

/** Squared difference between the more and the less active half of channels, rank by rank. */
function halvesApart(maps: Tensor): Tensor {
  const channels = maps.shape[1]!;
  const half = Math.floor(channels / 2);
  const ranks = ranking(maps);
  const ranked = (from: number) => ops.gather(maps, ops.slice(ranks, [from], [from + half], [0]), 1);
  return squaredError(ranked(0), ranked(channels - half));
}

/** Tf-FD's term within a layer: idle channels are to do what busy ones do. */
export const tfFdIntra: Loss<z.infer<typeof options>> = {
  name: "tf-fd-intra",
  family: "feature",
  description: "Within each tapped layer of the student, the idle channels are to be like the busy ones.",
  formula:
    "channels are ranked by their activity, the mean over batch and places of map / |map|; squared difference between the upper and the lower half, rank by rank, summed over channels, places and layers, averaged over samples; gradients flow into both halves, and of an odd number of channels the middle one is left out",
  use: "Without any teacher, beside cross-entropy and tf-fd-inter: all stages of a convolutional network, after ReLU. It costs next to nothing; what it gains is small too.",
  source:
    "Li 2022, Self-Regulated Feature Learning via Teacher-free Feature Distillation (ECCV), as in the authors' code; its weight 0.0008 is for a mean over half the channels and all places, divide it by their number: 1e-7 to 4e-7 for the stages of a ResNet-20 on images of 32 pixels",
  needs: ["student features"],
  options,
  weight: 2e-7,
  recipe:
    "- { loss: tf-fd-intra, student: [stage1, stage2, stage3] }\n- { loss: tf-fd-inter, student: [stage1, stage2, stage3] }\n- { loss: cross-entropy }",
  compute: ({ studentFeatures }) => {
    requireMaps(studentFeatures!, { layers: 1, channels: 2 });
    return studentFeatures!.map(halvesApart).reduce((a, b) => ops.add(a, b));
  },
};
