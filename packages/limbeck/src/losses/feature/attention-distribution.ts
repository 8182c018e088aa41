import { ops } from "@limbeck/graph";
import { z } from "zod";
import { featurePair, requireRank, requireSameShape } from "../features.js";
import type { Loss } from "../loss.js";

const options = z.strictObject({});

/** MiniLM's transfer of attention distributions. */
export const attentionDistribution: Loss<z.infer<typeof options>> = {
  name: "attention-distribution",
  family: "feature",
  description: "The student's attention heads look at the tokens that the teacher's look at.",
  formula:
    "Kullback-Leibler divergence of softmax(student's scores) from softmax(teacher's), summed over keys, averaged over samples, heads and tokens that ask",
  use: "The last layer of a transformer with as many heads as the teacher, with minilm-relation on the values. Taps: scores before softmax, [N, heads, L, L]. vit has them in every block.",
  source: "Wang et al. 2020, MiniLM, equation 5",
  needs: ["features"],
  options,
  recipe:
    "- { loss: attention-distribution, student: block3.scores, teacher: block12.scores }\n- { loss: minilm-relation, student: block3.values, teacher: block12.values }\n- { loss: cross-entropy }",
  compute: (context) => {
    const pair = featurePair(context);
    requireRank(pair, [4], "attention scores [N, heads, L, L]");
    requireSameShape(pair, "Give both as many heads, or take minilm-relation.");
    const [q, p] = [ops.logSoftmax(pair.student), ops.logSoftmax(pair.teacher)];
    const [samples, heads, queries] = pair.student.shape as [number, number, number];
    return ops.div(ops.reduceSum(ops.mul(ops.exp(p), ops.sub(p, q))), samples * heads * queries);
  },
};
