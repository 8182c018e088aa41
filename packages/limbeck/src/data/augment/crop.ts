import { z } from "zod";
import type { Augmentation } from "./augmentation.js";

/** Options of {@link crop}. */
export interface CropOptions {
  /** Pixels added on each side. Default 4. */
  readonly padding: number;
  /** What is added: the mirrored inside without the border, the border, or 0. Default "reflect". */
  readonly fill: "reflect" | "edge" | "zero";
}

/** Position in a line of `size` pixels that a position beyond its ends shows; -1 for none. */
const PLACES: Readonly<Record<CropOptions["fill"], (at: number, size: number) => number>> = {
  zero: (at, size) => (at < 0 || at >= size ? -1 : at),
  edge: (at, size) => Math.min(size - 1, Math.max(0, at)),
  reflect: (at, size) => {
    if (size === 1) return 0;
    const period = 2 * (size - 1);
    const folded = ((at % period) + period) % period;
    return Math.min(folded, period - folded);
  },
};

/** Pads the image and cuts a piece of its own size out of it, anywhere, as is usual for CIFAR. */
export const crop: Augmentation<CropOptions> = {
  name: "crop",
  summary: "pads the image and cuts a piece of its own size out of it",
  options: z.strictObject({
    padding: z.int().min(0).max(1024).default(4).describe("pixels added on each side"),
    fill: z
      .enum(["reflect", "edge", "zero"])
      .default("reflect")
      .describe("what is added: the mirrored inside, the border, or 0"),
  }),
  prepare: ({ padding, fill }) => {
    const place = PLACES[fill];
    const span = 2 * padding + 1;
    return (source, offset, target, { channels, height, width }, random) => {
      const right = random.below(span) - padding;
      const down = random.below(span) - padding;
      for (let row = 0; row < channels * height; row++) {
        const y = place((row % height) + down, height);
        const from = offset + (row - (row % height) + y) * width;
        for (let column = 0; column < width; column++) {
          const x = place(column + right, width);
          target[row * width + column] = x < 0 || y < 0 ? 0 : source[from + x]!;
        }
      }
    };
  },
};
