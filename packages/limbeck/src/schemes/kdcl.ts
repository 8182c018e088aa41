import { ops } from "@limbeck/graph";
import { labelShares } from "../losses/labels.js";
import { kdcl } from "../recipe/schemes/kdcl.js";
import { LimbeckError } from "../support/errors.js";
import { ensembleTargets } from "./ensemble-targets.js";
import { peersWiring, summed } from "./peers.js";
import { mixtureLogits } from "./weighted-mixture.js";

/** Of the transfer set. */
const HELD_OUT = 0.1;

/** Collaborative learning (KDCL): all peers learn from one target. */
export const kdclWiring = peersWiring((options) => {
  const { target, peers, views, heldOut } = kdcl.options.parse(options);
  if (target !== "general" && heldOut !== undefined) throw unused(target, heldOut);
  return {
    peers,
    views,
    usesLabels: target !== "general",
    heldOut: target === "general" ? (heldOut ?? HELD_OUT) : undefined,
    contexts: (peers, known, mixture) => {
      const answers = peers.map((logits) => ops.detach(logits));
      const teacherLogits =
        target === "general"
          ? mixtureLogits(answers, mixture!)
          : ensembleTargets[target](answers, labelShares(known, peers[0]!.shape[1]!));
      return summed(peers.map((logits) => ({ ...known, logits, teacherLogits })));
    },
  };
});

function unused(target: string, heldOut: number): LimbeckError {
  return new LimbeckError("RECIPE_INVALID", `the target ${target} holds nothing out: only general does`, {
    where: "scheme.heldOut",
    value: heldOut,
    fix: "Leave heldOut out, or write target: general.",
  });
}
