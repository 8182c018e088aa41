import { z } from "zod";
import type { ImageGeometry } from "../dataset.js";
import type { Augmentation } from "./augmentation.js";

/** Options of {@link jitter}. */
export interface JitterOptions {
  /** The farthest an image is moved in each direction, in pixels. Default 2. */
  readonly pixels: number;
}

/** Moves the image by up to ± `pixels` across and, independently, down; what becomes free is 0. */
export const jitter: Augmentation<JitterOptions> = {
  name: "jitter",
  summary: "moves the image by a few pixels",
  options: z.strictObject({
    pixels: z.int().min(0).max(1024).default(2).describe("the farthest an image is moved in each direction, in pixels"),
  }),
  prepare: ({ pixels }) => {
    const span = 2 * pixels + 1;
    return (source, offset, target, geometry, random) => {
      const right = random.below(span) - pixels;
      const down = random.below(span) - pixels;
      shift(source, offset, target, geometry, right, down);
    };
  },
};

/** Moves an image right and down (left and up where negative), filling with 0. */
export function shift(
  source: Uint8Array,
  offset: number,
  target: Uint8Array,
  { channels, height, width }: ImageGeometry,
  right: number,
  down: number,
): void {
  const first = Math.max(0, right);
  const end = Math.min(width, width + right);
  target.fill(0);
  for (let row = 0; row < channels * height; row++) {
    const fromY = (row % height) - down;
    if (fromY < 0 || fromY >= height) continue;
    const to = row * width;
    const from = offset + (row - down) * width - right;
    for (let x = first; x < end; x++) target[to + x] = source[from + x]!;
  }
}
