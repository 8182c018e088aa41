import { z } from "zod";
import type { Augmentation } from "./augmentation.js";
import { drawnOperations } from "./operations/draw.js";
import { STRONGEST } from "./operations/index.js";

/**
 * Applies one of the operations of RandAugment at a strength drawn anew for each image, up to much stronger ones (Müller &
 * Hutter 2021, TrivialAugment, wide space). Nothing is to be tuned.
 */
export const trivialAugment: Augmentation<object> = {
  name: "trivial-augment",
  summary: "applies one operation drawn from 14, at any strength (TrivialAugment)",
  options: z.strictObject({}),
  prepare: () => drawnOperations({ count: 1, reach: "wide", step: (random) => random.below(STRONGEST + 1) }),
};
