import type { Split } from "../../data/dataset.js";
import { drawAtMost } from "../../data/split.js";

/** Samples among which neighbors are looked for. */
const MOST_NEIGHBORS = 1000;

/** Places of the samples among which neighbors are looked for: all, or some that are drawn by the seed where there are more. */
export function neighborPlaces(split: Split, seed: number): Uint32Array {
  const drawn = new Set(drawAtMost(split, MOST_NEIGHBORS, seed).indices);
  return Uint32Array.from(split.indices.keys()).filter((place) => drawn.has(split.indices[place]!));
}
