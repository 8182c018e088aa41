import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import { squaredError, unit } from "../features.js";
import type { LinearHead, Loss } from "../loss.js";
import { adaptiveAveragePool } from "../spatial.js";

const options = z.strictObject({
  size: z.int().positive().default(2).meta({ description: "Side to which class activation maps are pooled." }),
  normalize: z.boolean().default(false).meta({ description: "Whether each map is divided by its length first." }),
});

/** Activation maps of all classes, [N, K, size, size]. Pooling and weighting are linear: the order does not matter. */
function classMaps({ maps, weight }: LinearHead, size: number): Tensor {
  const [classes, channels] = weight.shape as [number, number];
  return ops.conv(adaptiveAveragePool(maps, size, size), ops.reshape(weight, [classes, channels, 1, 1]));
}

/** Class attention transfer. */
export const catKd: Loss<z.infer<typeof options>> = {
  name: "cat-kd",
  family: "explanation",
  description: "The student looks at the places that speak for each class in the teacher.",
  formula:
    "class activation maps (last feature maps, weighted by the linear layer), pooled; squared difference, summed over classes and places, averaged over samples",
  use: "Networks that end in an average over places and one linear layer, such as resnet; no taps, no adapter. The weight depends on the pair: too large a one hurts.",
  source:
    "Guo et al. 2023, Class Attention Transfer Based Knowledge Distillation, equations 1 and 2; the authors average over K classes and 2 × 2 places, so that their weights (1.8 to 400, 15 for ResNet32x4 to ResNet8x4) are to be divided by 4 K here",
  needs: ["linear heads"],
  options,
  weight: 0.04,
  recipe: "- { loss: cat-kd, weight: 0.04 }\n- { loss: cross-entropy }",
  compute: ({ heads }, { size, normalize }) => {
    const of = (head: LinearHead) => {
      const maps = classMaps(head, size);
      return normalize ? unit(maps, [2, 3]) : maps;
    };
    return squaredError(of(heads!.student), ops.detach(of(heads!.teacher)));
  },
};
