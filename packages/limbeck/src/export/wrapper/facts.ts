import type { SoundShape } from "../../data/audio/signal/features.js";
import type { TextShape } from "../../data/texts/encode.js";

/**
 * What is known of one student; every export writes its own in place of this file. These values only serve to check the
 * code beside it.
 */

/** Classes, in the order of the model's answers. */
export const CLASSES: readonly string[] = ["no", "yes"];
export type Label = (typeof CLASSES)[number];
/** Numbers of an embedding. */
export const DIMENSIONS: number = 1;
/** Size of the images that the model takes. */
export const HEIGHT: number = 1;
export const WIDTH: number = 1;
/** What becomes of images of another shape: cut off where they are too long, padded with black, or stretched. */
export const FIT: "cover" | "contain" | "stretch" = "stretch" as "cover" | "contain" | "stretch";
/** What the model takes of a sound: samples of a second, how many it hears at once, and bands, window and hop of log-mel features. */
export const SOUND: SoundShape = {
  sampleRate: 8000,
  length: 8000,
  features: "log-mel",
  mels: 40,
  window: 200,
  hop: 80,
  channel: "mix",
};
/** What the model takes of a text: so many bytes of UTF-8, and whether capitals count as small letters. */
export const TEXT: TextShape = { bytes: 256, lowercase: true };
/** Columns of a row, in order. */
export const COLUMNS: readonly string[] = ["value"];
export type Column = (typeof COLUMNS)[number];
/** Rows of a window; 1 where the model takes single rows. */
export const TIMES: number = 1;
