import { normalNumber } from "../../support/normal.js";
import { type Split, sampleLength } from "../dataset.js";
import type { Moments } from "../moments/moments.js";
import type { Synthesizer } from "./copula.js";
import { valuesOf } from "./munge.js";

/** What SPUNGE does to a row. */
export interface SpungeOptions {
  /** How likely each cell is changed: first resampled, then, independently, noised. */
  readonly probability: number;
  /** Deviation of the noise, as a share of the column's. */
  readonly noise: number;
}

/**
 * SPUNGE, as AutoGluon describes it: a row is drawn from the sample; cells become, with a probability, the same cell of any
 * other row, and cells of numbers get, with the same probability, normal noise.
 */
export function spunge(split: Split, moments: Moments, { probability, noise }: SpungeOptions): Synthesizer {
  const rows = valuesOf(split);
  const length = sampleLength(split.dataset);
  const count = split.indices.length;
  return (target, random) => {
    for (let start = 0; start < target.length; start += length) {
      const row = random.below(count);
      for (let i = 0; i < length; i++) {
        const column = Math.floor(i / moments.length);
        const from = random.uniform() < probability ? random.below(count) : row;
        const shift = random.uniform() < probability ? normalNumber(random, noise * moments.std[column]!) : 0;
        target[start + i] = rows[from * length + i]! + (moments.discrete[column] ? 0 : shift);
      }
    }
  };
}
