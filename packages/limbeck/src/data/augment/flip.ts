import { z } from "zod";
import type { Augmentation } from "./augmentation.js";

/** Options of {@link flip}. */
export interface FlipOptions {
  /** Share of images that are mirrored. Default 0.5. */
  readonly p: number;
}

/** Mirrors the image left to right. Not for digits, letters, or whatever means something else when mirrored. */
export const flip: Augmentation<FlipOptions> = {
  name: "flip",
  summary: "mirrors the image left to right",
  options: z.strictObject({
    p: z.number().min(0).max(1).default(0.5).describe("share of images that are mirrored"),
  }),
  prepare:
    ({ p }) =>
    (source, offset, target, { channels, height, width }, random) => {
      const isMirrored = random.uniform() < p;
      for (let row = 0; row < channels * height; row++) {
        const start = row * width;
        for (let x = 0; x < width; x++) {
          target[start + x] = source[offset + start + (isMirrored ? width - 1 - x : x)]!;
        }
      }
    },
};
