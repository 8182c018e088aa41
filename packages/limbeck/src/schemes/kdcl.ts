import { ops } from "@limbeck/graph";
import { labelShares } from "../losses/labels.js";
import { kdcl } from "../recipe/schemes/kdcl.js";
import { ensembleTargets } from "./ensemble-targets.js";
import { peersWiring, summed } from "./peers.js";

/** Collaborative learning (KDCL): all peers learn from one target. */
export const kdclWiring = peersWiring((options) => {
  const { target, peers, views } = kdcl.options.parse(options);
  return {
    peers,
    views,
    usesLabels: true,
    contexts: (peers, known) => {
      const answers = peers.map((logits) => ops.detach(logits));
      const teacherLogits = ensembleTargets[target](answers, labelShares(known, peers[0]!.shape[1]!));
      return summed(peers.map((logits) => ({ ...known, logits, teacherLogits })));
    },
  };
});
