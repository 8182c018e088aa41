/** Luma of red, green and blue (ITU-R BT.601), as PyTorch and Pillow weigh them. */
export const LUMA = [0.299, 0.587, 0.114] as const;

/** Whether an image is one of red, green and blue. */
export function isColored(channels: number): boolean {
  return channels === LUMA.length;
}

/** The luma of one pixel of a color image, else the mean of its channels. */
export function luma(image: Uint8Array, offset: number, pixel: number, pixels: number, channels: number): number {
  let sum = 0;
  for (let c = 0; c < channels; c++) {
    sum += image[offset + c * pixels + pixel]! * (isColored(channels) ? LUMA[c]! : 1 / channels);
  }
  return sum;
}

/** The mean luma of an image. */
export function meanLuma(image: Uint8Array, offset: number, pixels: number, channels: number): number {
  let sum = 0;
  for (let i = 0; i < pixels; i++) sum += luma(image, offset, i, pixels, channels);
  return sum / pixels;
}

/** The nearest value that a pixel can have. */
export function toByte(value: number): number {
  return Math.min(255, Math.max(0, Math.round(value)));
}
