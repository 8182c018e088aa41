import type { ImageGeometry } from "../data/dataset.js";
import type { Model } from "../models/model.js";
import type { QuantizeTraining } from "./options.js";
import { quantizeAware } from "./quantize-aware.js";

/** What makes a student smaller while it learns. */
export interface Compression {
  readonly quantize?: QuantizeTraining | undefined;
}

/**
 * The model that a student's training makes smaller.
 * @param steps of the whole training
 * @throws LimbeckError RECIPE_INVALID where it cannot be
 */
export function compressed(model: Model, geometry: ImageGeometry, { quantize }: Compression, steps: number): Model {
  return quantize ? quantizeAware(model, geometry, quantize, steps) : model;
}
