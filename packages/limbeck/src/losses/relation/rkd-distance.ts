import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import { featurePair, requireSamples, rows, square } from "../features.js";
import type { Loss } from "../loss.js";
import { huberMean } from "./huber.js";

const options = z.strictObject({});

/** Squared distances are kept above this, so that those of duplicates have a root with a gradient. */
const SMALLEST = 1e-12;

/** Distances of all pairs over their mean, [N, N]; zero on the diagonal. Differences are exact for near duplicates. */
function relativeDistances(x: Tensor): Tensor {
  const samples = x.shape[0]!;
  const flat = rows(x);
  const squared = ops.reduceSum(square(ops.sub(ops.unsqueeze(flat, [1]), ops.unsqueeze(flat, [0]))), { axes: [2] });
  const others = Float32Array.from({ length: samples ** 2 }, (_, i) => (i % (samples + 1) === 0 ? 0 : 1));
  const mask = x.graph.constant("float32", [samples, samples], others);
  const distances = ops.mul(ops.sqrt(ops.clip(squared, SMALLEST)), mask);
  return ops.div(distances, ops.div(ops.reduceSum(distances), samples * (samples - 1)));
}

/** Relational knowledge distillation, distances. Memory: N² · D numbers for N samples of D features. */
export const rkdDistance: Loss<z.infer<typeof options>> = {
  name: "rkd-distance",
  family: "relation",
  description: "Samples lie as far apart in the student's features as in the teacher's.",
  formula:
    "Huber's loss of d_S / mean d_S - d_T / mean d_T, averaged over all N² pairs; d: Euclidean distances, their means over pairs of different samples",
  use: "Embeddings and metric learning, where the student's embedding is not normalized; weak for classification. Widths may differ. Batches of 64 or less, because memory grows with N² times features.",
  source:
    "Park, Kim, Lu & Cho 2019, Relational Knowledge Distillation, equations 7 to 10; weight 25 as in RepDistiller, where it is an average as well",
  needs: ["features"],
  options,
  weight: 25,
  recipe: "- { loss: rkd-distance, student: relu2, teacher: relu2, weight: 25 }\n- { loss: cross-entropy }",
  compute: (context) => {
    const pair = featurePair(context);
    requireSamples(pair, 2);
    return huberMean(relativeDistances(pair.student), relativeDistances(pair.teacher));
  },
};
