import { prepareRecord } from "../prepare.js";
import type { Augmentation, ImageChange } from "./augmentation.js";
import { color } from "./color.js";
import { crop } from "./crop.js";
import { cutout } from "./cutout.js";
import { flip } from "./flip.js";
import { jitter } from "./jitter.js";
import { randAugment } from "./rand-augment.js";
import { randomResizedCrop } from "./random-resized-crop.js";
import { rotation } from "./rotation.js";
import { trivialAugment } from "./trivial-augment.js";

export type { Augmentation, ImageChange } from "./augmentation.js";
export { type Augmenter, createAugmenter } from "./augmenter.js";

/** Every augmentation, by name. */
export const AUGMENTATIONS: Readonly<Record<string, Augmentation>> = Object.fromEntries(
  [jitter, crop, randomResizedCrop, flip, rotation, color, cutout, randAugment, trivialAugment].map((augmentation) => {
    return [augmentation.name, augmentation as Augmentation];
  }),
);

/**
 * The change that a recipe names, with options as they stand there.
 * @throws LimbeckError RECIPE_INVALID where there is no such augmentation or its options are wrong.
 */
export function prepareAugmentation(name: string, options: unknown): ImageChange {
  return prepareRecord("augmentation", AUGMENTATIONS, name, options);
}
