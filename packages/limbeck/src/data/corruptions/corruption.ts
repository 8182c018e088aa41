import type { RandomStream } from "@limbeck/graph";
import type { ImageGeometry } from "../dataset.js";

/** How a corruption changes one image `[channels, height, width]`, 0 … 255, into a new one. */
export type Corrupt = (
  image: Uint8Array,
  geometry: ImageGeometry,
  random: RandomStream,
) => Uint8Array | Promise<Uint8Array>;

/** A change of images that a robust classifier does not mind, from the weakest to the strongest. */
export interface Corruption {
  readonly name: string;
  /** What it does, and what its strengths are, for people. */
  readonly meaning: string;
  readonly severities: readonly {
    /** For people. */
    readonly strength: string;
    readonly apply: Corrupt;
  }[];
}
