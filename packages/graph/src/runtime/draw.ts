import type { TypedArray } from "../dtype.js";
import { randomStream } from "../random.js";
import type { RandomFill } from "../tensor.js";
import { fillDropoutMask } from "./dropout-mask.js";

/** Which numbers are drawn: those of the same seed, name and step are the same. */
export interface DrawKey {
  readonly seed: number;
  /** Of the random input. */
  readonly name: string;
  readonly step: number;
}

/** Fills what a random input is fed with in one step. */
export function draw(target: TypedArray, fill: RandomFill, { seed, name, step }: DrawKey): void {
  if (fill.kind === "dropout-mask") {
    fillDropoutMask(target as Float32Array, fill.keep, randomStream(seed, "dropout", name, step));
    return;
  }
  const stream = randomStream(seed, "integers", name, step);
  for (let i = 0; i < target.length; i++) target[i] = stream.below(fill.below);
}
