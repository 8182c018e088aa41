import { z } from "zod";
import type { Model } from "./model.js";
import { resizeBilinear } from "./resize.js";

/** What every family takes beside its own options. */
export const resolutionOption = {
  resolution: z.int().min(4).max(1024).optional().meta({
    description: "Height and width that images are resized to inside of the model. Default: they stay as they are.",
  }),
};

/** A model that resizes its images first, so that it is trained, exported and fed like any other. */
export function atResolution(model: Model, resolution: number): Model {
  const { deployed } = model;
  return {
    ...model,
    forward: (images, weights, training) =>
      model.forward(resizeBilinear(images, resolution, resolution), weights, training),
    ...(deployed ? { deployed: { ...deployed, model: atResolution(deployed.model, resolution) } } : {}),
  };
}
