import { ops, type Tensor } from "@limbeck/graph";
import type { Split } from "../data/dataset.js";
import { constant } from "../models/initial.js";
import type { Model } from "../models/model.js";
import type { BatchGraph, Learner } from "./batch-graph.js";
import { HeldOutBatches } from "./held-out.js";
import type { TermStore } from "./store.js";
import { bestMixture, errorProducts } from "./weighted-mixture.js";

/** The share of a step's errors in their moving mean, fed. */
const SHARE = "heldOut/share";

/** What models' mixtures are worth on samples that none of them learns from. */
interface JudgedMixtures {
  /** Weights of the best mixture, [M]; no gradient flows into what they come from. */
  readonly mixture: Tensor;
  /** What a step, counted from 0, feeds for it. */
  feeds(step: number): Record<string, Float32Array>;
}

/**
 * Asks all models, in their inference form, for the next held-out samples in each step, and finds the best mixture by the
 * moving mean of their errors: over all steps of the first epoch, and over about an epoch from then on.
 */
export function judgeMixtures(
  batch: BatchGraph,
  models: readonly (Learner & { readonly model: Model })[],
  held: Split,
  store: TermStore,
): JudgedMixtures {
  const batches = new HeldOutBatches(batch, held);
  const answers = models.map(({ model, values }) => ops.detach(model.forward(batches.images, values, false).logits));
  const own = store.of("heldOut");
  const before = own.buffer("errors", [models.length, models.length], constant(0));
  const share = batch.graph.input(SHARE, "float32", []);
  const now = errorProducts(answers, batches.shares);
  const errors = ops.add(before, ops.mul(ops.sub(now, before), share));
  own.carry(before, errors);
  const { stepsPerEpoch } = batch.length;
  return {
    mixture: bestMixture(errors),
    feeds: (step) => ({
      ...batches.feeds(step),
      [SHARE]: Float32Array.of(1 / Math.min(step + 1, stepsPerEpoch)),
    }),
  };
}
