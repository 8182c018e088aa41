import { prepareRecord } from "../prepare.js";
import type { Augmentation, ImageChange, SoundAugmentation, SoundChange } from "./augmentation.js";
import { color } from "./color.js";
import { crop } from "./crop.js";
import { cutout } from "./cutout.js";
import { flip } from "./flip.js";
import { jitter } from "./jitter.js";
import { mask } from "./mask.js";
import { noise } from "./noise.js";
import { randAugment } from "./rand-augment.js";
import { randomResizedCrop } from "./random-resized-crop.js";
import { rotation } from "./rotation.js";
import { timeShift } from "./time-shift.js";
import { trivialAugment } from "./trivial-augment.js";

export type { Augmentation, ImageChange, SoundChange } from "./augmentation.js";
export { type Augmenter, createAugmenter, type SampleChanges } from "./augmenter.js";

/** Every augmentation of images, by name. */
export const AUGMENTATIONS: Readonly<Record<string, Augmentation>> = Object.fromEntries(
  [jitter, crop, randomResizedCrop, flip, rotation, color, cutout, randAugment, trivialAugment].map((augmentation) => {
    return [augmentation.name, augmentation as Augmentation];
  }),
);

/** Every augmentation of sounds, by name. */
export const SOUND_AUGMENTATIONS: Readonly<Record<string, SoundAugmentation>> = Object.fromEntries(
  [timeShift, noise, mask].map((augmentation) => [augmentation.name, augmentation as SoundAugmentation]),
);

/**
 * The change that a recipe names, with options as they stand there.
 * @throws LimbeckError RECIPE_INVALID where there is no such augmentation or its options are wrong.
 */
export function prepareAugmentation(name: string, options: unknown): ImageChange | SoundChange {
  return prepareRecord<unknown, ImageChange | SoundChange>(
    "augmentation",
    { ...AUGMENTATIONS, ...SOUND_AUGMENTATIONS },
    name,
    options,
  );
}
