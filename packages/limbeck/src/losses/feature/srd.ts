import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import { pointwise, standardizeBatch, widthOf } from "../adapters.js";
import { featurePair, requireRank, requireSamples } from "../features.js";
import type { Loss } from "../loss.js";
import { asMaps, samePlaces } from "../spatial.js";

const options = z.strictObject({
  exponent: z.int().min(1).max(8).default(4).meta({ description: "Power α of the differences." }),
});

/** Sums below this have no logarithm: features are the same. */
const NOTHING = 1e-12;

function power(x: Tensor, exponent: number): Tensor {
  const factor = exponent % 2 === 0 ? x : ops.abs(x);
  let result = factor;
  for (let p = 1; p < exponent; p++) result = ops.mul(result, factor);
  return result;
}

/** Simple recipe distillation. */
export const srd: Loss<z.infer<typeof options>> = {
  name: "srd",
  family: "feature",
  description: "A linear projector brings the student's features to the teacher's; the largest differences count most.",
  formula:
    "log of the sum over features, averaged over samples, of |BN(projector(student)) - BN(teacher)|^α; the projector is linear, BN standardizes by the batch without weight and bias",
  use: "The penultimate layer, beside kd and cross-entropy; of maps, the last ones. The logarithm makes the scale irrelevant, so that the weight suits all sizes. Needs a batch of some size: features are standardized over it.",
  source:
    "Miles & Mikolajczyk 2024, Understanding the Role of the Projector in Knowledge Distillation, equation 8, exponent 4 as in the authors' recipes; they sum over samples as well, which only adds a constant; weight 2 as in torchdistill's SRD loss, whose own KL is a term of its own here",
  needs: ["features", "adapters"],
  options,
  weight: 2,
  recipe:
    "- { loss: srd, student: features, teacher: features, weight: 2 }\n- { loss: kd, temperature: 1 }\n- { loss: cross-entropy }",
  compute: (context, { exponent }) => {
    const pair = featurePair(context);
    requireRank(pair, [2, 4], "vectors [N, D] or maps [N, C, H, W]");
    if (pair.student.shape.length === 2) requireSamples(pair, 2);
    const { student, teacher } = samePlaces(pair);
    const projected = pointwise(context.store!, "projector", student, widthOf(teacher), false);
    const [ours, theirs] = [projected, teacher].map((x) => standardizeBatch(asMaps(x)));
    const sum = ops.reduceSum(power(ops.sub(ours!, ops.detach(theirs!)), exponent));
    return ops.log(ops.add(ops.div(sum, student.shape[0]!), NOTHING));
  },
};
