import { z } from "zod";
import type { Augmentation } from "./augmentation.js";
import { drawnOperations } from "./operations/draw.js";
import { identity } from "./operations/identity.js";
import { STRONGEST } from "./operations/index.js";

/** Options of {@link randAugment}. */
export interface RandAugmentOptions {
  /** Operations that an image goes through: the paper's N. Default 2. */
  readonly operations: number;
  /** How strong they are, of 30: the paper's M. Default 9. */
  readonly magnitude: number;
  /** Share of images that are changed. Default 1. */
  readonly p: number;
}

/**
 * Applies operations drawn from 14, all of one strength (Cubuk, Zoph, Shlens & Le 2020, RandAugment), with torchvision's
 * magnitudes: shear up to 0.3, translation up to 45 % of the image, rotation up to 30°, brightness, color, contrast and
 * sharpness by up to ± 0.9, 8 to 4 bits, thresholds from 255 to 0. Pixels are the nearest; what becomes free is 0. Where there
 * is one channel, color changes nothing.
 */
export const randAugment: Augmentation<RandAugmentOptions> = {
  name: "rand-augment",
  summary: "applies a few operations drawn from 14, all of one strength (RandAugment)",
  options: z.strictObject({
    operations: z.int().min(1).max(14).default(2).describe("operations that an image goes through (the paper's N)"),
    magnitude: z.int().min(0).max(STRONGEST).default(9).describe("how strong they are, of 30 (the paper's M)"),
    p: z.number().min(0).max(1).default(1).describe("share of images that are changed"),
  }),
  prepare: ({ operations, magnitude, p }) => {
    const change = drawnOperations({ count: operations, reach: "usual", step: () => magnitude });
    return (source, offset, target, geometry, random) => {
      if (random.uniform() < p) change(source, offset, target, geometry, random);
      else identity.apply(source, offset, target, geometry, 0);
    };
  },
};
