import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import { temperatureOption, timesSquare } from "../divergence.js";
import type { Loss } from "../loss.js";
import { centered, spreadOf } from "../spread.js";

const EPS = 1e-8;

const options = z.strictObject({
  temperature: temperatureOption(1),
  samples: z.number().min(0).default(1).meta({ description: "The paper's β: weight of the rows." }),
  classes: z.number().min(0).default(1).meta({ description: "The paper's γ: weight of the columns." }),
});

/** 1 minus the mean of Pearson's correlations along an axis. */
function uncorrelated(a: Tensor, b: Tensor, axis: number): Tensor {
  const [x, y] = [centered(a, axis), centered(b, axis)];
  const sum = (product: Tensor) => ops.reduceSum(product, { axes: [axis] });
  const size = ops.mul(spreadOf(sum(ops.mul(x, x))), spreadOf(sum(ops.mul(y, y))));
  return ops.sub(1, ops.reduceMean(ops.div(sum(ops.mul(x, y)), ops.add(size, EPS))));
}

/**
 * Correlation instead of equality: rows are one sample's probabilities, columns one class's over the batch. Rows and
 * columns without spread (norm below 1e-5) are not divided by it. The paper has no T²; with T = 1 it makes no difference.
 */
export const dist: Loss<z.infer<typeof options>> = {
  name: "dist",
  family: "response",
  description: "The student's probabilities correlate with the teacher's, by sample and by class over the batch.",
  formula:
    "T² times (β times (1 minus Pearson's correlation between a sample's probabilities, averaged over samples) plus γ times (1 minus the correlation between a class's probabilities over the batch, averaged over classes)), probabilities softened by T",
  use: "A teacher much stronger than the student: it need not match, only correlate. Batches of 32 or more: columns run over the batch.",
  source: "Huang, You, Wang, Qian & Xu 2022, Knowledge Distillation from A Stronger Teacher (NeurIPS)",
  needs: ["teacher logits"],
  options,
  recipe: "- { loss: dist, samples: 2, classes: 2 }\n- { loss: cross-entropy }",
  compute: ({ logits, teacherLogits }, { temperature, samples, classes }) => {
    const [student, teacher] = [logits, ops.detach(teacherLogits!)].map((z) => ops.softmax(ops.div(z, temperature)));
    const rows = ops.mul(uncorrelated(student!, teacher!, 1), samples);
    return timesSquare(ops.add(rows, ops.mul(uncorrelated(student!, teacher!, 0), classes)), temperature);
  },
};
