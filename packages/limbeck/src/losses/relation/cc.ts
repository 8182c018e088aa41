import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import { featurePair, squaredError } from "../features.js";
import type { Loss } from "../loss.js";
import { cosines } from "./gram.js";

const options = z.strictObject({
  kernel: z
    .enum(["gaussian", "bilinear"])
    .default("gaussian")
    .meta({ description: "How alike two normalized samples are: exp(-gamma |x - y|²) as a Taylor series, or x · y." }),
  gamma: z.number().positive().default(0.4).meta({ description: "Sharpness of the Gaussian kernel." }),
  order: z.int().min(1).max(10).default(2).meta({ description: "Order of the Gaussian kernel's Taylor series." }),
});

type CcOptions = z.infer<typeof options>;

/** exp(-2γ) Σ (2γ)^p / p! · (x · y)^p, by Horner's scheme. */
function correlations(x: Tensor, { kernel, gamma, order }: CcOptions): Tensor {
  const cosine = cosines(x);
  if (kernel === "bilinear") return cosine;
  let series = ops.add(ops.mul(cosine, (2 * gamma) / order), 1);
  for (let p = order - 1; p >= 1; p--) series = ops.add(ops.mul(ops.mul(series, cosine), (2 * gamma) / p), 1);
  return ops.mul(series, Math.exp(-2 * gamma));
}

/** Correlation congruence, as the paper defines it. */
export const cc: Loss<CcOptions> = {
  name: "cc",
  family: "relation",
  description: "Samples correlate in the student's features as in the teacher's, measured by a kernel.",
  formula:
    "squared difference between the kernel matrices of a batch of normalized features, summed over a row, averaged over rows",
  use: "The penultimate layer; any widths, no adapter. Batches in which classes repeat.",
  source:
    "Peng et al. 2019, Correlation Congruence for Knowledge Distillation, equations 6 to 8, gamma 0.4 and order 2; the paper averages over all N² pairs: its weights are to be divided by N here",
  needs: ["features"],
  options,
  recipe: "- { loss: cc, student: relu2, teacher: relu2, weight: 1 }\n- { loss: cross-entropy }",
  compute: (context, ccOptions) => {
    const { student, teacher } = featurePair(context);
    return squaredError(correlations(student, ccOptions), correlations(teacher, ccOptions));
  },
};
