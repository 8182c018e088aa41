import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import type { Loss } from "../loss.js";
import { sumPerSampleMean } from "../reduce.js";

const options = z.strictObject({
  on: z.enum(["outputs", "probabilities"]).default("outputs").meta({
    description:
      "What is compared with the targets; for classes, whose targets are 0 and 1, their probabilities (Brier score).",
  }),
  margin: z
    .number()
    .min(0)
    .default(0)
    .meta({ description: "How much less the student's squared error must be than the teacher's to be left alone." }),
});

/** ‖student - target‖² where it exceeds the teacher's, less a margin; else 0. The paper adds half of it to a smooth L1 loss. */
export const boundedRegression: Loss<z.infer<typeof options>> = {
  name: "bounded-regression",
  family: "response",
  description: "The student's numbers must be at least as near to the targets as the teacher's.",
  formula:
    "squared errors summed over outputs, of those samples where the student's plus the margin exceeds the teacher's; averaged over all samples",
  use: "Regression, where a teacher may be far off: it is a bound, not an example. Beside a loss on the targets. In a classification the targets are the labels, 1 and 0: compare probabilities then, because logits are no estimates of those.",
  source:
    "Chen, Choi, Yu, Han & Chandraker 2017, Learning Efficient Object Detection Models with Knowledge Distillation (NeurIPS), section 3.3",
  needs: ["targets", "teacher logits"],
  everyClass: true,
  mixes: true,
  options,
  weight: 0.5,
  recipe: "- { loss: bounded-regression, on: probabilities }\n- { loss: cross-entropy }",
  compute: ({ logits, teacherLogits, targets }, { on, margin }) => {
    const errors = (outputs: Tensor) => {
      const estimates = on === "outputs" ? outputs : ops.softmax(outputs);
      const difference = ops.sub(estimates, targets!);
      return ops.reduceSum(ops.mul(difference, difference), { axes: [1] });
    };
    const student = errors(logits);
    const isWorse = ops.greater(ops.add(ops.detach(student), margin), errors(ops.detach(teacherLogits!)));
    return sumPerSampleMean(ops.mul(student, ops.cast(isWorse, logits.dtype)));
  },
};
