import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import { normalizeBatch, pointwise } from "../adapters.js";
import { featurePair, mismatch, requireRank, square } from "../features.js";
import type { Loss, Normalization } from "../loss.js";
import { sumPerSampleMean } from "../reduce.js";

const options = z.strictObject({});

/** Below this share of negative values, their mean is taken as -3 standard deviations. */
const RARE = 0.001;

/** Expectation of a channel's negative values, from its normal distribution; [1, C, 1, 1]. */
function margins({ weight, bias }: Normalization): Tensor {
  const { graph, dtype } = weight;
  const deviation = ops.abs(ops.detach(weight));
  const mean = ops.detach(bias);
  // A channel that does not vary has no standard score; its margin is then 3 · 0 or its mean.
  const known = ops.where(ops.greater(deviation, 0), deviation, graph.scalar(1e-6, dtype));
  const score = ops.div(mean, known);
  const negative = ops.mul(ops.sub(1, ops.erf(ops.mul(score, Math.SQRT1_2))), 0.5);
  const density = ops.mul(ops.exp(ops.mul(square(score), -0.5)), 1 / Math.sqrt(2 * Math.PI));
  const isRare = ops.less(negative, RARE);
  const expected = ops.sub(mean, ops.div(ops.mul(known, density), ops.maximum(negative, RARE)));
  return ops.reshape(ops.where(isRare, ops.mul(deviation, -3), expected), [1, weight.shape[0]!, 1, 1]);
}

/** Overhaul of feature distillation. */
export const ofd: Loss<z.infer<typeof options>> = {
  name: "ofd",
  family: "feature",
  description:
    "The student's features before ReLU follow the teacher's where those are positive, and stay low elsewhere.",
  formula:
    "target: the teacher's value, but no less than the mean of its channel's negative values, from the batch normalization in front of it; squared difference to connector(student), left out where the target is not positive and the student is below it; summed over features, averaged over samples; the connector is a 1×1 convolution with batch normalization",
  use: "Taps before ReLU of each stage, all of one size, one term each, with half the weight for each stage further from the output. The teacher's tap must come from a batch normalization (of a residual sum, that of its last block counts, as in the authors' code).",
  source:
    "Heo et al. 2019, A Comprehensive Overhaul of Feature Distillation, equations 1 to 4; weight 1 / 1000 of the same sum, as in the authors' code",
  needs: ["features", "teacher normalization", "adapters"],
  options,
  weight: 0.001,
  recipe:
    "- { loss: ofd, student: stage3.preact, teacher: stage3.preact, weight: 0.001 }\n- { loss: ofd, student: stage2.preact, teacher: stage2.preact, weight: 0.0005 }\n- { loss: cross-entropy }",
  compute: (context) => {
    const pair = featurePair(context);
    requireRank(pair, [4], "maps [N, C, H, W]");
    const { student, teacher, teacherNorm } = pair;
    if (String(student.shape.slice(2)) !== String(teacher.shape.slice(2))) {
      throw mismatch(pair, "maps must have the same size", "Tap stages of the same size, or take fitnets.");
    }
    const store = context.store!;
    const connected = normalizeBatch(store, "norm", pointwise(store, "connector", student, teacher.shape[1]!, false));
    const target = ops.maximum(teacher, margins(teacherNorm!));
    const counts = ops.cast(ops.or(ops.greater(connected, target), ops.greater(target, 0)), student.dtype);
    return sumPerSampleMean(ops.mul(counts, square(ops.sub(connected, target))));
  },
};
