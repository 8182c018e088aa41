import type { ImageGeometry } from "../data/dataset.js";
import type { Model } from "../models/model.js";
import { pruneChannels } from "./channels.js";
import { pruneWeights } from "./magnitude.js";
import type { PruneTraining, QuantizeTraining } from "./options.js";
import { quantizeAware } from "./quantize-aware.js";

/** What makes a student smaller while it learns. */
export interface Compression {
  readonly quantize?: QuantizeTraining | undefined;
  readonly prune?: PruneTraining | undefined;
}

/**
 * The model that a student's training makes smaller.
 * @param steps of the whole training
 * @throws LimbeckError RECIPE_INVALID where it cannot be
 */
export function compressed(plain: Model, geometry: ImageGeometry, compression: Compression, steps: number): Model {
  const { quantize, prune } = compression;
  const model = quantize ? quantizeAware(plain, geometry, quantize, steps) : plain;
  if (!prune) return model;
  return prune.kind === "magnitude"
    ? pruneWeights(model, prune, steps)
    : pruneChannels(model, plain, geometry, prune, steps);
}
