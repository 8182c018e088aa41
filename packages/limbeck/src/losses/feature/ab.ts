import { ops } from "@limbeck/graph";
import { z } from "zod";
import { normalizeBatch, regressor } from "../adapters.js";
import { featurePair, square } from "../features.js";
import type { Loss } from "../loss.js";
import { sumPerSampleMean } from "../reduce.js";

const options = z.strictObject({
  margin: z.number().positive().default(1).meta({ description: "How far on the right side of 0 is far enough." }),
  connector: z.enum(["normalized", "convolution", "none"]).default("normalized").meta({
    description:
      "What takes the student's features to the teacher's shape: a convolution with batch normalization, one without, or nothing.",
  }),
});

/** Activation boundaries. */
export const ab: Loss<z.infer<typeof options>> = {
  name: "ab",
  family: "feature",
  description: "The student's neurons are on and off for the same samples as the teacher's.",
  formula:
    "where the teacher's value is positive, squared shortfall of the student's below +margin, else its squared excess over -margin; summed over features, averaged over samples",
  use: "Taps before ReLU, which the connector brings to the teacher's shape; one term for each pair of layers, deeper ones doubly weighted each. The paper trains it alone first.",
  source:
    "Heo et al. 2019, Knowledge Transfer via Distillation of Activation Boundaries, equation 4; RepDistiller's factor 3 / 1000 of the same sum is a weight of 0.003 here",
  needs: ["features", "adapters"],
  options,
  weight: 0.003,
  recipe: "- { loss: ab, student: stage3.preact, teacher: stage3.preact, weight: 0.003 }\n- { loss: cross-entropy }",
  compute: (context, { margin, connector }) => {
    const pair = featurePair(context);
    const store = context.store!;
    const plain =
      connector === "none" ? pair.student : regressor(store, "connector", pair, connector === "convolution");
    const student = connector === "normalized" ? normalizeBatch(store, "norm", plain) : plain;
    const on = ops.cast(ops.greater(pair.teacher, 0), student.dtype);
    const side = ops.sub(ops.mul(on, 2), 1);
    return sumPerSampleMean(square(ops.relu(ops.sub(margin, ops.mul(side, student)))));
  },
};
