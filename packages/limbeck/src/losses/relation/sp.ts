import { z } from "zod";
import { featurePair, squaredError, unit } from "../features.js";
import type { Loss } from "../loss.js";
import { gram } from "./gram.js";

const options = z.strictObject({});

/** Similarity-preserving distillation. */
export const sp: Loss<z.infer<typeof options>> = {
  name: "sp",
  family: "relation",
  description: "Samples are as similar to each other in the student's features as in the teacher's.",
  formula:
    "squared difference between the Gram matrices of a batch, each row divided by its length; summed over a row, averaged over rows",
  use: "The last feature map or the penultimate layer; any widths and sizes, no adapter. Whole batches of 32 or more.",
  source:
    "Tung & Mori 2019, Similarity-Preserving Knowledge Distillation, equations 2 to 4; the paper averages over all N² pairs, so that its weight 3000 is 3000 / N here: 47 for batches of 64",
  needs: ["features"],
  options,
  weight: 47,
  recipe: "- { loss: sp, student: relu2, teacher: relu2, weight: 47 }\n- { loss: cross-entropy }",
  compute: (context) => {
    const { student, teacher } = featurePair(context);
    return squaredError(unit(gram(student), [1]), unit(gram(teacher), [1]));
  },
};
