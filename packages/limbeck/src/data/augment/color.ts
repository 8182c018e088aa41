import { z } from "zod";
import type { Augmentation } from "./augmentation.js";
import { turnHue } from "./hue.js";
import { isColored, luma, meanLuma, toByte } from "./luma.js";

/** Options of {@link color}: how far each factor may be from 1. */
export interface ColorOptions {
  /** Default 0.4. */
  readonly brightness: number;
  /** Default 0.4. */
  readonly contrast: number;
  /** Of images with three channels. Default 0.4. */
  readonly saturation: number;
  /** Of images with three channels: the largest turn in each direction, as a share of the circle of hues. Default 0. */
  readonly hue: number;
}

/**
 * Changes brightness, contrast and saturation by factors drawn from [1 - x, 1 + x], never below 0, and turns the hue, in this
 * order. Contrast is the distance from the image's mean luma, saturation that from each pixel's.
 */
export const color: Augmentation<ColorOptions> = {
  name: "color",
  summary: "changes brightness, contrast, saturation and hue",
  options: z.strictObject({
    brightness: z.number().min(0).max(10).default(0.4).describe("how far the factor of brightness may be from 1"),
    contrast: z.number().min(0).max(10).default(0.4).describe("how far the factor of contrast may be from 1"),
    saturation: z.number().min(0).max(10).default(0.4).describe("how far the factor of saturation may be from 1"),
    hue: z.number().min(0).max(0.5).default(0).describe("the largest turn of the hue, as a share of the circle"),
  }),
  prepare:
    ({ brightness, contrast, saturation, hue }) =>
    (source, offset, target, { channels, height, width }, random) => {
      const factor = (range: number) => Math.max(0, 1 + range * (2 * random.uniform() - 1));
      const [bright, contrasted, saturated] = [factor(brightness), factor(contrast), factor(saturation)];
      const pixels = height * width;
      for (let i = 0; i < channels * pixels; i++) target[i] = toByte(source[offset + i]! * bright);
      const mean = meanLuma(target, 0, pixels, channels);
      for (let i = 0; i < channels * pixels; i++) target[i] = toByte(mean + (target[i]! - mean) * contrasted);
      if (!isColored(channels)) return;
      for (let i = 0; i < pixels; i++) {
        const gray = luma(target, 0, i, pixels, channels);
        for (let at = i; at < channels * pixels; at += pixels) {
          target[at] = toByte(gray + (target[at]! - gray) * saturated);
        }
      }
      if (hue > 0) turnHue(target, pixels, hue * (2 * random.uniform() - 1));
    },
};
