import { ops } from "@limbeck/graph";
import { z } from "zod";
import { normalizeBatch, regressor } from "../adapters.js";
import { featurePair, requireSameShape, squaredError } from "../features.js";
import type { Loss } from "../loss.js";

const options = z.strictObject({
  regressor: z.enum(["convolution", "normalized", "none"]).default("convolution").meta({
    description:
      "What takes the student's features to the teacher's shape: a convolution (or linear layer) alone; followed by batch normalization and ReLU, as in RepDistiller, for hints that are never negative; or nothing, where shapes are the same.",
  }),
});

/** FitNets' hints. */
export const fitnets: Loss<z.infer<typeof options>> = {
  name: "fitnets",
  family: "feature",
  description: "A regressor predicts the teacher's features from the student's.",
  formula: "squared difference between regressor(student) and teacher, summed over features, averaged over samples",
  use: "The middle of both networks, one pair of layers. All sizes: the regressor is strided, transposed or pointwise as sizes ask for. Trains jointly with the other terms, where the paper trains in two stages.",
  source:
    "Romero et al. 2015, FitNets: Hints for Thin Deep Nets, equation 3 without its factor ½; RepDistiller averages over features, so that its weight 100 is 100 / (C H W) here",
  needs: ["features", "adapters"],
  options,
  weight: 0.01,
  recipe: "- { loss: fitnets, student: relu1, teacher: relu1, weight: 0.01 }\n- { loss: kd }",
  compute: (context, { regressor: kind }) => {
    const pair = featurePair(context);
    if (kind === "none") {
      requireSameShape(pair, "Let a regressor adapt them: regressor: convolution.");
      return squaredError(pair.student, pair.teacher);
    }
    const plain = regressor(context.store!, "regressor", pair);
    if (kind === "convolution") return squaredError(plain, pair.teacher);
    return squaredError(ops.relu(normalizeBatch(context.store!, "norm", plain)), pair.teacher);
  },
};
