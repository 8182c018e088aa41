import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import { featurePair, requireRank, squaredError, unit } from "../features.js";
import type { Loss } from "../loss.js";
import { toSmallerMaps } from "../spatial.js";

const options = z.strictObject({
  power: z
    .int()
    .min(1)
    .max(8)
    .default(2)
    .meta({ description: "Power of activations whose mean over channels is attention." }),
});

/** Mean over channels of |F|^p, as a direction [N, H·W]. */
function attention(maps: Tensor, power: number): Tensor {
  const factor = power % 2 === 0 ? maps : ops.abs(maps);
  let powers = factor;
  for (let p = 1; p < power; p++) powers = ops.mul(powers, factor);
  return unit(ops.flatten(ops.reduceMean(powers, { axes: [1] })), [1]);
}

/** Attention transfer. */
export const at: Loss<z.infer<typeof options>> = {
  name: "at",
  family: "feature",
  description: "The student is active where the teacher is.",
  formula:
    "attention Q: mean over channels of |activation|^p at each place, divided by its length; squared difference of Q, summed over places, averaged over samples",
  use: "All middle stages of networks of one kind, after ReLU: one term for each pair of stages. Channels may differ, and sizes are pooled to the smaller. Across architectures it can hurt.",
  source:
    "Zagoruyko & Komodakis 2017, Paying More Attention to Attention, equations 1 and 2, with squares as in the authors' code, which averages over places: its weight 1000 is 1000 / (H W) here",
  needs: ["features"],
  options,
  weight: 16,
  recipe: "- { loss: at, student: stage2, teacher: stage2, weight: 16 }\n- { loss: cross-entropy }",
  compute: (context, { power }) => {
    const pair = featurePair(context);
    requireRank(pair, [4], "maps [N, C, H, W]");
    const [student, teacher] = toSmallerMaps(pair.student, pair.teacher);
    return squaredError(attention(student, power), attention(teacher, power));
  },
};
