import { ops } from "@limbeck/graph";
import { z } from "zod";
import { pointwise, widthOf } from "../adapters.js";
import { featurePair, unit } from "../features.js";
import type { Loss } from "../loss.js";
import { samePlaces, vectors } from "../spatial.js";

const options = z.strictObject({});

/** DistilBERT's cosine of hidden states. */
export const cosine: Loss<z.infer<typeof options>> = {
  name: "cosine",
  family: "feature",
  description: "The student's hidden states point where the teacher's do.",
  formula:
    "1 - cosine of student's and teacher's vectors, averaged over samples, and over tokens or places where there are any",
  use: "The last hidden state of a transformer, or the penultimate layer. Where widths differ, a linear layer adapts the student's.",
  source:
    "Sanh et al. 2019, DistilBERT, section 2, where it has weight 1 beside 5 for the soft targets; the adapter for other widths is ours",
  needs: ["features", "adapters"],
  options,
  recipe: "- { loss: cosine, student: relu2, teacher: relu2 }\n- { loss: kd, temperature: 2, weight: 5 }",
  compute: (context) => {
    const { student, teacher } = samePlaces(featurePair(context));
    const width = widthOf(teacher);
    const adapted = widthOf(student) === width ? student : pointwise(context.store!, "adapter", student, width);
    const agreement = ops.mul(unit(vectors(adapted), [1]), unit(vectors(teacher), [1]));
    return ops.sub(1, ops.div(ops.reduceSum(agreement), vectors(teacher).shape[0]!));
  },
};
