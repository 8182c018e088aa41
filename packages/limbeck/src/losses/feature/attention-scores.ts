import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import { featurePair, requireRank, requireSameShape, squaredError } from "../features.js";
import type { Loss } from "../loss.js";

const options = z.strictObject({});

/** Scores of masked tokens are at or below this. */
const MASKED = -100;

/** Scores with masked ones zeroed, one row for each token that asks: [N · L, heads · L]. */
function byQuery(scores: Tensor): Tensor {
  const [samples, heads, queries, keys] = scores.shape as [number, number, number, number];
  const known = ops.cast(ops.greater(scores, MASKED), scores.dtype);
  const visible = ops.mul(ops.maximum(scores, MASKED), known);
  return ops.reshape(ops.transpose(visible, [0, 2, 1, 3]), [samples * queries, heads * keys]);
}

/** TinyBERT's matching of attention. */
export const attentionScores: Loss<z.infer<typeof options>> = {
  name: "attention-scores",
  family: "feature",
  description: "The student's attention heads score tokens as the teacher's do, before softmax.",
  formula:
    "squared difference of attention scores, those of masked tokens (-100 and less) taken as 0, summed over heads and keys, averaged over tokens that ask",
  use: "Transformers with as many heads as the teacher, layer by layer as in hidden. Taps: scores before softmax, [N, heads, L, L]. vit has them in every block.",
  source:
    "Jiao et al. 2020, TinyBERT, equation 7, masking as in the authors' code; the paper averages over heads and keys, so that its weight 1 is 1 / (heads · L) here",
  needs: ["features"],
  options,
  weight: 0.001,
  recipe:
    "- { loss: attention-scores, student: block1.scores, teacher: block2.scores, weight: 0.001 }\n- { loss: cross-entropy }",
  compute: (context) => {
    const pair = featurePair(context);
    requireRank(pair, [4], "attention scores [N, heads, L, L]");
    requireSameShape(pair, "Give both as many heads, or take minilm-relation.");
    return squaredError(byQuery(pair.student), byQuery(pair.teacher));
  },
};
