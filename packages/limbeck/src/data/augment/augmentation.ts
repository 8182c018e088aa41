import type { RandomStream } from "@limbeck/graph";
import type { OptionsSchema } from "../../support/options.js";
import type { ImageGeometry } from "../dataset.js";

/**
 * Changes one image: reads it at `source[offset …]` and writes every value of `target[0 …]`, both
 * `[channels, height, width]`, 0 … 255. Source and target are different arrays. Must not allocate, and must draw all that
 * is random from `random`.
 */
export type ImageChange = (
  source: Uint8Array,
  offset: number,
  target: Uint8Array,
  geometry: ImageGeometry,
  random: RandomStream,
) => void;

/** One augmentation: a record, and a function that makes an {@link ImageChange} of validated options. */
export interface Augmentation<Options = unknown> {
  readonly name: string;
  /** One line for people. */
  readonly summary: string;
  readonly options: OptionsSchema<Options>;
  prepare(options: Options): ImageChange;
}
