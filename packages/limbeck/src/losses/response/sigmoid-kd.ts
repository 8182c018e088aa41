import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import { divergence, temperatureOption, timesSquare } from "../divergence.js";
import type { Loss } from "../loss.js";

const options = z.strictObject({ temperature: temperatureOption(1) });

/** Logarithm of sigmoid(x), without overflow. */
const logSigmoid = (x: Tensor) => ops.neg(ops.softplus(ops.neg(x)));

/**
 * KD of classes that do not exclude each other: T² · KL between Bernoulli distributions, class by class. With one output
 * it is binary KD.
 */
export const sigmoidKd: Loss<z.infer<typeof options>> = {
  name: "sigmoid-kd",
  family: "response",
  description: "The student matches the teacher's probability of each class, which do not exclude each other.",
  formula:
    "T² times the Kullback-Leibler divergence of sigmoid(student / T) from sigmoid(teacher / T) as the chances of yes and no, summed over classes, averaged over samples",
  use: "Binary and multi-label classifiers, and the class scores of detectors. Never for classes that exclude each other.",
  source:
    "Hinton, Vinyals & Dean 2015, section 2, with sigmoids; Yang et al. 2023, Multi-Label Knowledge Distillation (ICCV)",
  needs: ["teacher logits"],
  options,
  recipe: "- { loss: sigmoid-kd }",
  compute: ({ logits, teacherLogits }, { temperature }) => {
    const [student, teacher] = [logits, ops.detach(teacherLogits!)].map((z) => ops.div(z, temperature));
    const yes = divergence(logSigmoid(teacher!), logSigmoid(student!));
    const no = divergence(logSigmoid(ops.neg(teacher!)), logSigmoid(ops.neg(student!)));
    return timesSquare(ops.add(yes, no), temperature);
  },
};
