import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import { featurePair, requireRank, requireSameShape, squaredError, unit } from "../features.js";
import type { Loss } from "../loss.js";

const options = z.strictObject({});

/** The first token, which stands for the whole, as a direction. */
function summary(x: Tensor): Tensor {
  const [samples, , width] = x.shape as [number, number, number];
  const first = x.shape.length === 3 ? ops.reshape(ops.slice(x, [0], [1], [1]), [samples, width]) : x;
  return unit(first, [1]);
}

/** Patient knowledge distillation. */
export const patient: Loss<z.infer<typeof options>> = {
  name: "patient",
  family: "feature",
  description: "The student's first token points where the teacher's does, layer by layer.",
  formula:
    "squared difference between the normalized hidden states of the first token, summed over features, averaged over samples",
  use: "Transformers of equal width, one term for each layer with every second (skip) or the last layers of the teacher, beside kd. Vectors [N, D] are taken as they are.",
  source:
    "Sun, Cheng, Gan & Liu 2019, Patient Knowledge Distillation for BERT Model Compression, equation 7; the paper searches weights of 10 to 1000 for the mean over D features: divide them by D here",
  needs: ["features"],
  options,
  weight: 0.15,
  recipe:
    "- { loss: patient, student: relu2, teacher: relu2, weight: 0.15 }\n- { loss: kd, weight: 0.5 }\n- { loss: cross-entropy, weight: 0.5 }",
  compute: (context) => {
    const pair = featurePair(context);
    requireRank(pair, [2, 3], "tokens [N, L, D] or vectors [N, D]");
    const [student, teacher] = [summary(pair.student), summary(pair.teacher)];
    requireSameShape({ student, teacher }, "Tap layers of equal width, or take hidden or cosine.");
    return squaredError(student, teacher);
  },
};
