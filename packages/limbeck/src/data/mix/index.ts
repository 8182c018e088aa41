import { prepareRecord } from "../prepare.js";
import { cutmix } from "./cutmix.js";
import type { Mixing, PreparedMixing } from "./mixing.js";
import { mixup } from "./mixup.js";

export { BatchMixer } from "./mixer.js";

/** Every augmentation that mixes pairs of images, by name. */
export const MIXINGS: Readonly<Record<string, Mixing>> = Object.fromEntries(
  [mixup, cutmix].map((mixing) => [mixing.name, mixing]),
);

/** Whether an augmentation mixes images, and labels with them. */
export function isMixing(name: string): boolean {
  return Object.hasOwn(MIXINGS, name);
}

/** Whether any of a training's augmentations does. */
export function mixesImages(augment: readonly { readonly name?: unknown }[]): boolean {
  return augment.some(({ name }) => isMixing(String(name)));
}

/**
 * The mixing that a recipe names, with options as they stand there.
 * @throws LimbeckError RECIPE_INVALID where there is no such mixing or its options are wrong.
 */
export function prepareMixing(name: string, options: unknown): PreparedMixing {
  return prepareRecord("mixing", MIXINGS, name, options);
}
