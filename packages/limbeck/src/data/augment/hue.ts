import { toByte } from "./luma.js";

/**
 * Turns the hue of every pixel of an RGB image, in place, and keeps its value and saturation in HSV.
 * @param turn share of the full circle, from red over green and blue
 */
export function turnHue(image: Uint8Array, pixels: number, turn: number): void {
  for (let i = 0; i < pixels; i++) {
    const red = image[i]!;
    const green = image[pixels + i]!;
    const blue = image[2 * pixels + i]!;
    const high = Math.max(red, green, blue);
    const chroma = high - Math.min(red, green, blue);
    if (chroma === 0) continue;
    const hue = sextant(red, green, blue, high, chroma) + 6 * turn;
    for (let c = 0; c < 3; c++) image[c * pixels + i] = toByte(high - chroma * below(hue - 2 * c));
  }
}

/** The hue in sixths of the circle. */
function sextant(red: number, green: number, blue: number, high: number, chroma: number): number {
  if (high === red) return (green - blue) / chroma;
  return high === green ? 2 + (blue - red) / chroma : 4 + (red - green) / chroma;
}

/** How far a channel is below the highest, as a share of the chroma, at this distance from its own hue, in sixths. */
function below(distance: number): number {
  const around = Math.abs(distance - 6 * Math.round(distance / 6));
  return Math.min(1, Math.max(0, around - 1));
}
