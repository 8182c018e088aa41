import { z } from "zod";
import type { Augmentation } from "./augmentation.js";

/** Options of {@link cutout}. */
export interface CutoutOptions {
  /** Side of the square, in pixels. Default 8. */
  readonly size: number;
}

/** Sets a square to 0 that lies around any pixel, and may reach over the border (DeVries & Taylor 2017). */
export const cutout: Augmentation<CutoutOptions> = {
  name: "cutout",
  summary: "sets a square to 0",
  options: z.strictObject({
    size: z.int().min(1).max(1024).default(8).describe("side of the square, in pixels"),
  }),
  prepare:
    ({ size }) =>
    (source, offset, target, { channels, height, width }, random) => {
      const top = random.below(height) - Math.floor(size / 2);
      const left = random.below(width) - Math.floor(size / 2);
      for (let row = 0; row < channels * height; row++) {
        const isCut = row % height >= top && row % height < top + size;
        for (let x = 0; x < width; x++) {
          const at = row * width + x;
          target[at] = isCut && x >= left && x < left + size ? 0 : source[offset + at]!;
        }
      }
    },
};
