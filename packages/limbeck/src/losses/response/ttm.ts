import { ops } from "@limbeck/graph";
import { z } from "zod";
import { divergenceOfRows, softened } from "../divergence.js";
import type { Loss } from "../loss.js";
import { sumPerSampleMean } from "../reduce.js";

const options = z.strictObject({
  temperature: z
    .number()
    .positive()
    .default(10)
    .meta({ description: "Softens the teacher only; the paper's exponent γ is 1 / T." }),
  weighted: z
    .boolean()
    .default(false)
    .meta({ description: "WTTM: each sample counts by the sum of the teacher's probabilities to the power 1 / T." }),
});

/** Transformed teacher matching: without the student's temperature, and therefore without T². */
export const ttm: Loss<z.infer<typeof options>> = {
  name: "ttm",
  family: "response",
  description: "The student, not softened, matches the softened teacher; optionally unsure answers count for more.",
  formula:
    "the Kullback-Leibler divergence of softmax(student) from softmax(teacher / T), summed over classes, averaged over samples; with `weighted`, each sample times the sum over classes of softmax(teacher) to the power 1 / T",
  use: "Where the student should stay less confident than kd makes it. The default weight is the published one for temperature 10 without `weighted`.",
  source: "Zheng & Yang 2024, Knowledge Distillation Based on Transformed Teacher Matching (ICLR)",
  needs: ["teacher logits"],
  options,
  weight: 45,
  recipe: "- { loss: ttm }\n- { loss: cross-entropy }",
  compute: ({ logits, teacherLogits }, { temperature, weighted }) => {
    const known = ops.detach(teacherLogits!);
    const rows = divergenceOfRows(softened(known, temperature), softened(logits, 1));
    if (!weighted) return sumPerSampleMean(rows);
    const powers = ops.exp(ops.div(ops.logSoftmax(known), temperature));
    return sumPerSampleMean(ops.mul(rows, ops.reduceSum(powers, { axes: [1] })));
  },
};
