import { ops } from "@limbeck/graph";
import { z } from "zod";
import { divergence, softened } from "../divergence.js";
import { labelShares } from "../labels.js";
import type { Loss } from "../loss.js";

const options = z.strictObject({
  correct: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.99)
    .meta({ description: "What the made-up teacher gives the true class; the others share the rest evenly." }),
  temperature: z.number().positive().default(20).meta({
    description:
      "Softens the made-up teacher: its probabilities, divided by this, are its logits. The student is never softened.",
  }),
});

/**
 * Tf-KD's regularization: KL(made-up teacher ‖ student). Only one side is softened, so that there is no T² to keep gradients'
 * size. Weight 0.1 beside 0.9 of cross-entropy: the code's α of 0.1, times its multiplier of 100, which undoes that it
 * averages over 100 classes as well.
 */
export const tfKdVirtual: Loss<z.infer<typeof options>> = {
  name: "tf-kd-virtual",
  family: "response",
  description: "A teacher that is made up from the label: sure of the true class, and even among the others.",
  formula:
    "the Kullback-Leibler divergence of softmax(student) from softmax(u / T), summed over classes, averaged over samples; u is 0.99 for the true class, the others have equal parts of the rest",
  use: "Without any teacher, beside cross-entropy, where a plain training is too sure of itself. Close to label smoothing: at the default temperature the made-up teacher is nearly even. One forward pass, nothing to remember.",
  source:
    "Yuan, Tay, Li, Wang & Feng 2020, Revisiting Knowledge Distillation via Label Smoothing Regularization (CVPR), Tf-KD with the manually designed teacher; as in the authors' code, which softens the teacher's probabilities and not the student (the paper's equation softens both)",
  needs: ["labels"],
  mixes: true,
  options,
  weight: 0.1,
  recipe: "- { loss: tf-kd-virtual }\n- { loss: cross-entropy, weight: 0.9 }",
  compute: (context, { correct, temperature }) => {
    const { logits } = context;
    const classes = logits.shape[1]!;
    const rest = (1 - correct) / (classes - 1);
    const teacher = ops.add(ops.mul(labelShares(context, classes), correct - rest), rest);
    return divergence(softened(teacher, temperature), ops.logSoftmax(logits));
  },
};
