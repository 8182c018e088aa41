import { z } from "zod";
import type { SoundAugmentation } from "./augmentation.js";

/** Options of {@link noise}. */
export interface NoiseOptions {
  /** The most, as a share of the deviation of all training sounds. Default 0.2. */
  readonly amount: number;
}

/**
 * Adds normal noise to each number of what the model takes: to samples, or to the logarithms of bands. Its deviation is drawn
 * from 0 to `amount` times that of all training sounds.
 */
export const noise: SoundAugmentation<NoiseOptions> = {
  name: "noise",
  summary: "adds normal noise to a sound",
  options: z.strictObject({
    amount: z.number().min(0).max(10).default(0.2).describe("the most, as a share of the deviation of all sounds"),
  }),
  prepare:
    ({ amount }) =>
    (source, offset, target, { spread }, random) => {
      const deviation = random.uniform() * amount * (spread?.std[0] ?? 1);
      for (let i = 0; i < target.length; i++) {
        // Box and Muller 1958; 1 - u is never 0.
        const radius = Math.sqrt(-2 * Math.log(1 - random.uniform()));
        target[i] = source[offset + i]! + deviation * radius * Math.cos(2 * Math.PI * random.uniform());
      }
    },
};
