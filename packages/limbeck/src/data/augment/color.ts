import { z } from "zod";
import type { Augmentation } from "./augmentation.js";

/** Options of {@link color}: how far each factor may be from 1. */
export interface ColorOptions {
  /** Default 0.4. */
  readonly brightness: number;
  /** Default 0.4. */
  readonly contrast: number;
  /** Of images with three channels. Default 0.4. */
  readonly saturation: number;
}

/** Luma of red, green and blue (ITU-R BT.601), as PyTorch and Pillow weigh them. */
const LUMA = [0.299, 0.587, 0.114] as const;

/**
 * Changes brightness, contrast and saturation by factors drawn from [1 - x, 1 + x], never below 0, in this order. Contrast is
 * the distance from the image's mean luma, saturation that from each pixel's.
 */
export const color: Augmentation<ColorOptions> = {
  name: "color",
  summary: "changes brightness, contrast and saturation",
  options: z.strictObject({
    brightness: z.number().min(0).max(10).default(0.4).describe("how far the factor of brightness may be from 1"),
    contrast: z.number().min(0).max(10).default(0.4).describe("how far the factor of contrast may be from 1"),
    saturation: z.number().min(0).max(10).default(0.4).describe("how far the factor of saturation may be from 1"),
  }),
  prepare:
    ({ brightness, contrast, saturation }) =>
    (source, offset, target, { channels, height, width }, random) => {
      const factor = (range: number) => Math.max(0, 1 + range * (2 * random.uniform() - 1));
      const [bright, contrasted, saturated] = [factor(brightness), factor(contrast), factor(saturation)];
      const pixels = height * width;
      for (let i = 0; i < channels * pixels; i++) target[i] = toByte(source[offset + i]! * bright);
      let sum = 0;
      for (let i = 0; i < pixels; i++) sum += luma(target, i, pixels, channels);
      const mean = sum / pixels;
      for (let i = 0; i < channels * pixels; i++) target[i] = toByte(mean + (target[i]! - mean) * contrasted);
      if (channels !== LUMA.length) return;
      for (let i = 0; i < pixels; i++) {
        const gray = luma(target, i, pixels, channels);
        for (let at = i; at < channels * pixels; at += pixels) {
          target[at] = toByte(gray + (target[at]! - gray) * saturated);
        }
      }
    },
};

/** Of colors their luma, else the mean of all channels. */
function luma(image: Uint8Array, pixel: number, pixels: number, channels: number): number {
  let sum = 0;
  for (let c = 0; c < channels; c++) {
    sum += image[c * pixels + pixel]! * (channels === LUMA.length ? LUMA[c]! : 1 / channels);
  }
  return sum;
}

function toByte(value: number): number {
  return Math.min(255, Math.max(0, Math.round(value)));
}
