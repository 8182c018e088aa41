import { ops, type Tensor } from "@limbeck/graph";
import type { SpecialistAnswer } from "../../losses/loss.js";
import { logSum, negativeEntropy } from "../ensemble/combine.js";
import { NEVER } from "../never.js";
import type { Specialists } from "./options.js";

/** Takes answers apart that stand side by side. @param answers [N, Σ |C_k|] */
export function takeApart(answers: Tensor, { owns }: Pick<Specialists, "owns">): Tensor[] {
  return ops.split(
    answers,
    owns.map(({ length }) => length),
    1,
  );
}

/**
 * What each specialist says of each sample, and how much it counts there.
 * @param logits of each specialist, [N, |C_k|]
 * @param labels share of each class in the samples' labels, [N, K]; without them `route: labels` is by confidence
 */
export function weighedAnswers(
  logits: readonly Tensor[],
  specialists: Specialists,
  labels?: Tensor | undefined,
): SpecialistAnswer[] {
  const logShares = logSharesOf(logits, specialists, labels);
  return logits.map((own, k) => ({ classes: specialists.owns[k]!, logits: own, logShare: logShares[k]! }));
}

/** Logarithms of how much each specialist counts, [N, 1] or [1, 1]; shares of a sample add up to 1. */
function logSharesOf(logits: readonly Tensor[], { owns, route }: Specialists, labels: Tensor | undefined): Tensor[] {
  const even = () => {
    const { graph } = logits[0]!;
    return logits.map(() => graph.constant("float32", [1, 1], [-Math.log(logits.length)]));
  };
  const owners = (shares: Tensor) => ownership(owns, shares).map(logarithm);
  const confidence = () => normalized(logits.map(negativeEntropy));
  const energy = () => normalized(logits.map((own) => ops.reduceLogSumExp(own, { axes: [1], keepdims: true })));
  if (route === "labels") return labels ? owners(labels) : confidence();
  return { confidence, energy, even }[route]();
}

/** How much of a label each specialist owns, [N, 1]; owners of one class share it. @param shares [N, K] */
function ownership(owns: Specialists["owns"], shares: Tensor): Tensor[] {
  const classes = shares.shape[1]!;
  const ownersOf = (c: number) => owns.filter((owned) => owned.includes(c)).length;
  return owns.map((owned) => {
    const column = Array.from({ length: classes }, (_, c) => (owned.includes(c) ? 1 / ownersOf(c) : 0));
    return ops.matmul(shares, shares.graph.constant("float32", [classes, 1], column));
  });
}

function logarithm(share: Tensor): Tensor {
  const tiny = share.graph.constant("float32", [1, 1], [1e-30]);
  const never = share.graph.constant("float32", [1, 1], [NEVER]);
  return ops.where(ops.greater(share, tiny), ops.log(ops.maximum(share, 1e-30)), never);
}

function normalized(scores: readonly Tensor[]): Tensor[] {
  const all = logSum(scores);
  return scores.map((score) => ops.sub(score, all));
}

/**
 * Logits [N, K] of all specialists as one teacher: log Σ_k g_k softmax(z_k), each over its own classes. Where class sets are
 * disjoint, their softmax over one set alone is that specialist's, at any temperature.
 */
export function mergedLogits(answers: readonly SpecialistAnswer[], classes: number): Tensor {
  const parts = answers.map(({ classes: owned, logits, logShare }) => {
    const own = ops.add(ops.logSoftmax(logits), logShare);
    const places = Array.from({ length: classes }, (_, c) => owned.indexOf(c));
    const among = ops.gather(own, own.graph.ints(places.map((place) => Math.max(0, place))), 1);
    const mask = places.map((place) => (place < 0 ? NEVER : 0));
    return ops.add(among, own.graph.constant("float32", [1, classes], mask));
  });
  return logSum(parts);
}
