import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import { featurePair, requireSamples, rows, unit } from "../features.js";
import type { Loss } from "../loss.js";
import { huberMean } from "./huber.js";

const options = z.strictObject({});

/** Cosines of the angles at each sample between each two others, [N, N, N]. */
function angles(x: Tensor): Tensor {
  const flat = rows(x);
  const directions = unit(ops.sub(ops.unsqueeze(flat, [0]), ops.unsqueeze(flat, [1])), [2]);
  return ops.matmul(directions, ops.swapLast(directions));
}

/** Relational knowledge distillation, angles. Memory: N² · (N + D) numbers for N samples of D features. */
export const rkdAngle: Loss<z.infer<typeof options>> = {
  name: "rkd-angle",
  family: "relation",
  description: "Three samples form the same angles in the student's features as in the teacher's.",
  formula:
    "Huber's loss of the difference between the cosines of the angles that samples j and k form at sample i, averaged over all N³ triplets; duplicates form no angle: 0",
  use: "With rkd-distance, for embeddings. Batches of 64 or less: memory grows with the cube.",
  source:
    "Park, Kim, Lu & Cho 2019, Relational Knowledge Distillation, equations 11 to 13; weight 50 as in RepDistiller, where it is an average as well",
  needs: ["features"],
  options,
  weight: 50,
  recipe:
    "- { loss: rkd-angle, student: relu2, teacher: relu2, weight: 50 }\n- { loss: rkd-distance, student: relu2, teacher: relu2, weight: 25 }\n- { loss: cross-entropy }",
  compute: (context) => {
    const pair = featurePair(context);
    requireSamples(pair, 2);
    return huberMean(angles(pair.student), angles(pair.teacher));
  },
};
