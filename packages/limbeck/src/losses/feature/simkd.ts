import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import type { Layers } from "../../models/layers.js";
import { pooled } from "../../models/vision.js";
import { requireSameShape, squaredError } from "../features.js";
import type { Loss } from "../loss.js";
import { adaptiveAveragePool, toSmallerMaps } from "../spatial.js";

const options = z.strictObject({
  factor: z
    .number()
    .min(1)
    .default(2)
    .meta({ description: "How many times fewer channels than the teacher the projector has inside: 2, 4 or 8." }),
});

/** Three convolutions, each normalized, with ReLU behind: a bottleneck with the teacher's channels at its end. */
function project(layers: Layers, maps: Tensor, channels: number, inner: number): Tensor {
  const step = (place: number, x: Tensor, out: number, kernel: number) =>
    ops.relu(layers.batchNorm(`projector.${place + 1}`, layers.conv(`projector.${place}`, x, out, { kernel })));
  return step(6, step(3, step(0, maps, inner, 1), inner, 3), channels, 1);
}

/** Distillation with the reused teacher classifier. */
export const simkd: Loss<z.infer<typeof options>> = {
  name: "simkd",
  family: "feature",
  description: "The student answers by the teacher's own classifier, and learns nothing but the maps that it reads.",
  formula:
    "squared difference between projector(student) and teacher, of the last feature maps, summed over features, averaged over samples; the projector is three convolutions (1×1, 3×3, 1×1), each with batch normalization and ReLU",
  use: "Alone, without labels, where a student may become a little larger: projector and teacher's classifier are exported with it, in place of its own linear layer, and are in its parameters, size and costs. Other terms see these answers too. Both networks end in an average over places and one linear layer, the teacher's maps after ReLU; no taps. Sizes are pooled to the smaller.",
  source:
    "Chen et al. 2022, Knowledge Distillation with the Reused Teacher Classifier, equations 4 and 5; the authors average over features, so that their weight 1 is 1 / (C H W) here",
  needs: ["linear heads", "adapters"],
  options,
  weight: 0.0001,
  recipe: "- { loss: simkd, weight: 0.0001 }",
  deploy: (layers, maps, { maps: theirs, weight, bias }, { factor }) => {
    const [channels, height, width] = theirs as [number, number, number];
    const smaller = adaptiveAveragePool(maps, Math.min(height, maps.shape[2]!), Math.min(width, maps.shape[3]!));
    const inner = Math.max(1, Math.floor(channels / factor));
    return ops.linear(pooled(project(layers, smaller, channels, inner)), weight, bias);
  },
  compute: ({ heads }) => {
    const [student, theirs] = toSmallerMaps(heads!.student.maps, heads!.teacher.maps);
    const teacher = ops.detach(theirs);
    requireSameShape({ student, teacher }, "Let simkd be the only term that changes what the student answers by.");
    return squaredError(student, teacher);
  },
};
