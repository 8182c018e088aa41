import type { RandomStream } from "@limbeck/graph";
import { z } from "zod";
import type { SoundAugmentation } from "./augmentation.js";

/** Options of {@link mask}. */
export interface MaskOptions {
  /** How many masks over bands. Default 2. */
  readonly bands: number;
  /** The most bands that one hides. Default 8. */
  readonly bandWidth: number;
  /** How many masks over times. Default 2. */
  readonly times: number;
  /** The most that one hides, as a share of the length. Default 0.2. */
  readonly timeShare: number;
}

/**
 * Hides whole bands, and all bands for a while (SpecAugment, Park et al. 2019, without its warping of time): the mean of all training
 * sounds stands there. One band always stays, so that of a waveform only times are hidden.
 */
export const mask: SoundAugmentation<MaskOptions> = {
  name: "mask",
  summary: "hides bands and times of a sound, as SpecAugment does",
  options: z.strictObject({
    bands: z.int().min(0).max(16).default(2).describe("how many masks over bands of frequencies"),
    bandWidth: z.int().min(0).max(256).default(8).describe("the most bands that one hides"),
    times: z.int().min(0).max(16).default(2).describe("how many masks over times"),
    timeShare: z.number().min(0).max(1).default(0.2).describe("the most that one hides, as a share of the length"),
  }),
  prepare:
    ({ bands, bandWidth, times, timeShare }) =>
    (source, offset, target, { height, width, spread }, random) => {
      const mean = spread?.mean[0] ?? 0;
      for (let i = 0; i < target.length; i++) target[i] = source[offset + i]!;
      for (let k = 0; k < bands; k++) {
        const count = drawn(random, Math.min(bandWidth, height - 1));
        const first = random.below(height - count + 1);
        target.fill(mean, first * width, (first + count) * width);
      }
      for (let k = 0; k < times; k++) {
        const count = drawn(random, Math.round(timeShare * width));
        const first = random.below(width - count + 1);
        for (let row = 0; row < height; row++) target.fill(mean, row * width + first, row * width + first + count);
      }
    },
};

/** How many are hidden: 0 to the most that there may be. */
function drawn(random: RandomStream, most: number): number {
  return random.below(most + 1);
}
