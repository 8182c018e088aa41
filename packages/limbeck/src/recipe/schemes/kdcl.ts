import { z } from "zod";
import { peersOption, viewsOption } from "./peers.js";
import type { Scheme } from "./scheme.js";

const options = z.strictObject({
  peers: peersOption,
  target: z.enum(["naive", "linear", "min-logit", "general"]).default("min-logit").meta({
    description:
      "What the soft target is: the logits of the peer with the lowest cross-entropy on the batch; the weighted mean of logits with the lowest; each class's smallest logit, counted from that of the true class; or the mixture of the peers' probabilities with the smallest squared error on samples that no peer learns from.",
  }),
  heldOut: z.number().gt(0).max(0.5).optional().meta({
    description: "Of the target `general`: the share of the transfer set that no peer learns from. Default 0.1.",
  }),
  views: viewsOption,
});

/** Collaborative learning: one soft target, made of all peers' answers, teaches each of them. */
export const kdcl: Scheme<z.infer<typeof options>> = {
  name: "kdcl",
  description:
    "Peers of any architectures learn at the same time, from the labels and from one target that they make up together.",
  wiring:
    "one training graph holds all M peers, and every step updates all of them at once; their logits, detached, and the labels make one soft target, against which a term on a teacher's answers is computed for every peer, and added up; a term on labels is each peer's own; where images are augmented, each peer sees a view of its own; peers start from values of their own",
  use: "Where there is no teacher, and peers differ in size: a large one loses nothing, because the target is never worse than it. `linear` finds the weights by eight rounds of exponentiated gradient, each with the best of 17 step lengths, on the batch itself. `general` costs samples and a further pass without gradients, and is worth it where peers learn the batches by heart: then errors on them say little. A good teacher is usually the better source.",
  source:
    "Guo et al. 2020, Online Knowledge Distillation via Collaborative Learning (CVPR), section 3; temperature 2; of KDCL-General, weights are those of a moving mean of errors over about an epoch, measured with every step on plain images, and none is negative; of mixed images the true class's logit is the mean of both classes', by their shares",
  needs: ["peers"],
  gives: ["labels", "teacher logits"],
  mentor: "its peers",
  terms: [{ loss: "kd", temperature: 2 }, { loss: "cross-entropy" }],
  options,
  recipe:
    "scheme:\n  name: kdcl\n  target: linear\n  peers:\n    - { family: lenet }\ndistill: # the default: the paper's loss\n  - { loss: kd, temperature: 2 }\n  - { loss: cross-entropy }",
  recorded:
    "recipes/kdcl.yaml: the small student makes 187.7 ± 9.3 errors of 2,000 beside a large peer that makes 95.0 ± 3.0, the lone baseline 184.0 ± 8.5. It did not help there",
};
