import { ops, type Tensor } from "@limbeck/graph";
import { mutual } from "../recipe/schemes/mutual.js";
import type { Known } from "./batch-graph.js";
import { peersWiring, summed } from "./peers.js";
import type { TermContexts } from "./terms.js";

/** Deep mutual learning. */
export const mutualWiring = peersWiring((options) => ({ ...mutual.options.parse(options), contexts: pairsOf }));

/**
 * How a term is computed from all ordered pairs of peers: added up, and divided by the M - 1 others of each. What a peer
 * learns from labels alone is the same against each of the others, so that it counts once.
 */
function pairsOf(peers: readonly Tensor[], known: Known): TermContexts {
  const answers = peers.map((logits) => ops.detach(logits));
  const pairs = peers.flatMap((logits, k) =>
    answers.filter((_, j) => j !== k).map((teacherLogits) => ({ ...known, logits, teacherLogits })),
  );
  const sum = summed(pairs);
  return peers.length > 2 ? (compute, loss) => ops.div(sum(compute, loss), peers.length - 1) : sum;
}
