import { z } from "zod";
import { pointwise, widthOf } from "../adapters.js";
import { featurePair, squaredError } from "../features.js";
import type { Loss } from "../loss.js";
import { samePlaces, vectors } from "../spatial.js";

const options = z.strictObject({});

/** TinyBERT's matching of hidden states and embeddings. */
export const hidden: Loss<z.infer<typeof options>> = {
  name: "hidden",
  family: "feature",
  description: "A learned matrix takes the student's hidden states to the teacher's.",
  formula:
    "squared difference between student · W and teacher, summed over features, averaged over tokens (or samples, or places)",
  use: "Transformers: embeddings and every layer with its place in the teacher (layer m of M with layer m L / M of L), one term each, before the answers are distilled.",
  source:
    "Jiao et al. 2020, TinyBERT, equations 8 and 9; the paper averages over the D features, so that its weight 1 is 1 / D here",
  needs: ["features", "adapters"],
  options,
  weight: 0.003,
  recipe: "- { loss: hidden, student: relu2, teacher: relu2, weight: 0.003 }\n- { loss: cross-entropy }",
  compute: (context) => {
    const { student, teacher } = samePlaces(featurePair(context));
    const projected = pointwise(context.store!, "projection", student, widthOf(teacher), false);
    return squaredError(vectors(projected), vectors(teacher));
  },
};
