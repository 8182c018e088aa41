import { z } from "zod";
import { peersOption } from "./peers.js";
import type { Scheme } from "./scheme.js";

const options = z.strictObject({ peers: peersOption });

/** Deep mutual learning: peers that start differently teach each other. */
export const mutual: Scheme<z.infer<typeof options>> = {
  name: "mutual",
  description: "Peers of any architectures learn at the same time, each from the labels and from the others' answers.",
  wiring:
    "one training graph holds all M peers, and every step updates all of them at once, from the same batch; a term on labels is each peer's own, a term on a teacher's answers is computed against each other peer and divided by M - 1; the other's answers are detached, so that no peer is changed by what another learns from it; peers start from values of their own",
  use: "Where there is no teacher, and no time to train one. Peers that differ (in architecture, at least in first values) have something to tell each other; the paper finds more of them better, and each costs a training of its own. A good teacher is usually the better source.",
  source:
    "Zhang, Xiang, Hospedales & Lu 2018, Deep Mutual Learning (CVPR), section 3, with simultaneous updates; temperature 1; the authors' code leaves out the factor 1 / (M - 1)",
  needs: ["peers"],
  gives: ["labels", "teacher logits"],
  mentor: "its peers",
  terms: [{ loss: "kd", temperature: 1 }, { loss: "cross-entropy" }],
  options,
  recipe:
    "scheme:\n  name: mutual\n  peers:\n    - { family: mlp, hidden: [64, 64] }\n    - { family: lenet }\ndistill: # the default: the paper's loss\n  - { loss: kd, temperature: 1 }\n  - { loss: cross-entropy }",
  recorded:
    "recipes/mutual.yaml: the two peers make 203.3 ± 4.9 and 203.0 ± 6.6 errors of 2,000, the lone baseline 206.3 ± 4.6. They did not beat it beyond noise",
};
