import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import { squaredError } from "../features.js";
import type { Loss } from "../loss.js";
import { requireMaps } from "../own-maps.js";
import { toSmallerMaps } from "../spatial.js";

const options = z.strictObject({});

/** Squared difference between the first channels of a shallow layer and those of a deep one, which no gradient flows into. */
function depthsApart(shallow: Tensor, deep: Tensor): Tensor {
  const channels = Math.min(shallow.shape[1]!, deep.shape[1]!);
  const [below, above] = toSmallerMaps(shallow, ops.detach(deep));
  const first = (maps: Tensor) => ops.slice(maps, [0], [channels], [1]);
  return squaredError(first(below), first(above));
}

/** Tf-FD's term between layers: shallow ones learn from deep ones. */
export const tfFdInter: Loss<z.infer<typeof options>> = {
  name: "tf-fd-inter",
  family: "feature",
  description: "Each tapped layer of the student learns from all deeper ones of the same student.",
  formula:
    "for each pair of layers: maps averaged to the smaller size, squared difference between as many first channels as both have, summed over channels, places and pairs, averaged over samples; no gradient flows into the deeper layer",
  use: "Without any teacher, beside cross-entropy and tf-fd-intra: all stages of a convolutional network, after ReLU, from the input on. Channels are compared by their numbers, whatever they stand for: it regularizes more than it teaches.",
  source:
    "Li 2022, Self-Regulated Feature Learning via Teacher-free Feature Distillation (ECCV), as in the authors' code; its weight 0.0005 is for a mean over channels and places, divide it by their number: 1.2e-7 to 5e-7 for the stages of a ResNet-20 on images of 32 pixels",
  needs: ["student features"],
  options,
  weight: 2e-7,
  recipe:
    "- { loss: tf-fd-inter, student: [stage1, stage2, stage3] }\n- { loss: tf-fd-intra, student: [stage1, stage2, stage3] }\n- { loss: cross-entropy }",
  compute: ({ studentFeatures }) => {
    const layers = studentFeatures!;
    requireMaps(layers, { layers: 2, channels: 1 });
    const pairs = layers.flatMap((shallow, i) => layers.slice(i + 1).map((deep) => depthsApart(shallow, deep)));
    return pairs.reduce((a, b) => ops.add(a, b));
  },
};
