import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import { constant } from "../../models/initial.js";
import { pointwise, widthOf } from "../adapters.js";
import { featurePair, square } from "../features.js";
import type { Loss, LossStore } from "../loss.js";
import { sumPerSampleMean } from "../reduce.js";
import { samePlaces } from "../spatial.js";

const options = z.strictObject({
  initialVariance: z.number().positive().default(5).meta({ description: "Variance of every channel at the start." }),
});

/** Keeps variances above zero. */
const EPS = 1e-5;

/** Three pointwise layers with ReLU between them: the mean of the teacher's features, given the student's. */
function predict(store: LossStore, x: Tensor, width: number): Tensor {
  const first = ops.relu(pointwise(store, "regressor.0", x, width, false));
  const second = ops.relu(pointwise(store, "regressor.2", first, width, false));
  return pointwise(store, "regressor.4", second, width, false);
}

/** Variational information distillation. */
export const vid: Loss<z.infer<typeof options>> = {
  name: "vid",
  family: "feature",
  description: "The student's features tell as much as they can about the teacher's.",
  formula:
    "½ ((teacher - regressor(student))² / variance + log variance), with a learned variance for each channel, summed over features, averaged over samples",
  use: "Middle stages or the penultimate layer, one term for each pair; channels may differ, sizes are pooled to the smaller. The term may become negative.",
  source:
    "Ahn et al. 2019, Variational Information Distillation for Knowledge Transfer, equations 5 and 6; RepDistiller averages over features, so that its weight 1 is 1 / (C H W) here",
  needs: ["features", "adapters"],
  options,
  weight: 0.001,
  recipe: "- { loss: vid, student: relu2, teacher: relu2, weight: 0.001 }\n- { loss: cross-entropy }",
  compute: (context, { initialVariance }) => {
    const { student, teacher } = samePlaces(featurePair(context));
    const width = widthOf(teacher);
    const store = context.store!;
    const start = Math.log(Math.expm1(initialVariance - EPS));
    const scale = store.parameter("log_scale", [width], constant(start));
    const byChannel = teacher.shape.length === 4 ? ops.reshape(scale, [1, width, 1, 1]) : scale;
    const variance = ops.add(ops.softplus(byChannel), EPS);
    const error = ops.div(square(ops.sub(predict(store, student, width), teacher)), variance);
    return ops.mul(sumPerSampleMean(ops.add(error, ops.log(variance))), 0.5);
  },
};
