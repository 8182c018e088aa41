import { z } from "zod";
import type { Augmentation } from "./augmentation.js";

/** Options of {@link rotation}. */
export interface RotationOptions {
  /** The largest angle in each direction. Default 10. */
  readonly degrees: number;
}

/** Turns the image about its center by up to ± `degrees`, with bilinear interpolation; what becomes free is 0. */
export const rotation: Augmentation<RotationOptions> = {
  name: "rotation",
  summary: "turns the image about its center",
  options: z.strictObject({
    degrees: z.number().min(0).max(180).default(10).describe("the largest angle in each direction, in degrees"),
  }),
  prepare:
    ({ degrees }) =>
    (source, offset, target, { channels, height, width }, random) => {
      const angle = ((2 * random.uniform() - 1) * degrees * Math.PI) / 180;
      const sin = Math.sin(angle);
      const cos = Math.cos(angle);
      const plane: Plane = { start: offset, height, width };
      for (let channel = 0; channel < channels; channel++, plane.start += height * width) {
        for (let i = 0; i < height * width; i++) {
          const dx = (i % width) - (width - 1) / 2;
          const dy = Math.floor(i / width) - (height - 1) / 2;
          const x = (width - 1) / 2 + cos * dx + sin * dy;
          const y = (height - 1) / 2 - sin * dx + cos * dy;
          target[channel * height * width + i] = Math.round(sampled(source, plane, x, y));
        }
      }
    },
};

/** An image's plane in a data set's pixels. */
interface Plane {
  start: number;
  readonly height: number;
  readonly width: number;
}

/** The value at a pixel; 0 around the image. */
function pixelAt(source: Uint8Array, { start, height, width }: Plane, x: number, y: number): number {
  return x < 0 || x >= width || y < 0 || y >= height ? 0 : source[start + y * width + x]!;
}

/** The value between pixels. */
function sampled(source: Uint8Array, plane: Plane, x: number, y: number): number {
  const left = Math.floor(x);
  const top = Math.floor(y);
  const shareX = x - left;
  const upper = pixelAt(source, plane, left, top) * (1 - shareX) + pixelAt(source, plane, left + 1, top) * shareX;
  const lower =
    pixelAt(source, plane, left, top + 1) * (1 - shareX) + pixelAt(source, plane, left + 1, top + 1) * shareX;
  return upper * (top + 1 - y) + lower * (y - top);
}
