import type { RandomStream } from "@limbeck/graph";
import type { OptionsSchema } from "../../support/options.js";
import type { ImageGeometry } from "../dataset.js";

/**
 * Changes one sample: reads it at `source[offset …]` and writes every value of `target[0 …]`, both
 * `[channels, height, width]`. Source and target are different arrays. Must not allocate, and must draw all that
 * is random from `random`.
 */
export type SampleChange<Values> = (
  source: Values,
  offset: number,
  target: Values,
  geometry: ImageGeometry,
  random: RandomStream,
) => void;

/** Changes an image of 0 … 255. */
export type ImageChange = SampleChange<Uint8Array>;

/** Changes what a model takes of a sound; the geometry has `sound` and `spread`. */
export type SoundChange = SampleChange<Float32Array>;

interface NamedChange<Options, Change> {
  readonly name: string;
  /** One line for people. */
  readonly summary: string;
  readonly options: OptionsSchema<Options>;
  prepare(options: Options): Change;
}

/** One augmentation: a record, and a function that makes an {@link ImageChange} of validated options. */
export type Augmentation<Options = unknown> = NamedChange<Options, ImageChange>;

/** The same of sounds. */
export type SoundAugmentation<Options = unknown> = NamedChange<Options, SoundChange>;
