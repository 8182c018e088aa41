import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import { featurePair, mismatch, requireRank } from "../features.js";
import type { Loss } from "../loss.js";

const options = z.strictObject({
  heads: z
    .int()
    .positive()
    .default(12)
    .meta({ description: "Relation heads into which both sides are split, whatever their attention heads." }),
});

/** Logarithms of softmax(X Xᵀ / √d) for each head, [N, heads, L, L]. */
function logRelations(x: Tensor, heads: number): Tensor {
  const [samples, tokens, width] = x.shape as [number, number, number];
  const size = width / heads;
  const split = ops.transpose(ops.reshape(x, [samples, tokens, heads, size]), [0, 2, 1, 3]);
  return ops.logSoftmax(ops.div(ops.matmul(split, ops.swapLast(split)), Math.sqrt(size)));
}

/** MiniLM's and MiniLMv2's self-attention relations. */
export const minilmRelation: Loss<z.infer<typeof options>> = {
  name: "minilm-relation",
  family: "feature",
  description: "Tokens relate to each other in the student's queries, keys or values as in the teacher's.",
  formula:
    "Kullback-Leibler divergence of softmax(student X Xᵀ / √d) from the teacher's, X queries, keys or values split into heads of size d; summed over tokens, averaged over heads and tokens that ask",
  use: "One layer of a transformer: the last, or an upper middle one of a large teacher. Three terms, for queries, keys and values, are MiniLMv2. Widths, attention heads and layers may differ. Taps: tokens [N, L, D]; vit has queries, keys and values in every block.",
  source:
    "Wang et al. 2021, MiniLMv2, equations 5 to 7; values alone, with heads as many as attention heads, are the value relation of Wang et al. 2020, MiniLM, equations 6 to 8",
  needs: ["features"],
  options,
  recipe: [
    "- { loss: minilm-relation, heads: 12, student: block3.queries, teacher: block12.queries }",
    "- { loss: minilm-relation, heads: 12, student: block3.keys, teacher: block12.keys }",
    "- { loss: minilm-relation, heads: 12, student: block3.values, teacher: block12.values }",
    "- { loss: cross-entropy }",
  ].join("\n"),
  compute: (context, { heads }) => {
    const pair = featurePair(context);
    requireRank(pair, [3], "tokens [N, L, D]");
    const { student, teacher } = pair;
    const [samples, tokens] = student.shape as [number, number];
    const divides = student.shape[2]! % heads === 0 && teacher.shape[2]! % heads === 0;
    if (!divides || teacher.shape[1] !== tokens) {
      throw mismatch(
        pair,
        `${heads} heads and the same tokens on both sides do not fit`,
        "Choose heads that divide both widths.",
      );
    }
    const [q, p] = [logRelations(student, heads), logRelations(teacher, heads)];
    return ops.div(ops.reduceSum(ops.mul(ops.exp(p), ops.sub(p, q))), samples * heads * tokens);
  },
};
