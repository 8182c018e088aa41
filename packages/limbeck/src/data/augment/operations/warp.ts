import type { ImageGeometry } from "../../dataset.js";

/**
 * Moves pixels: the one with its center at (x, y), counted in pixels from the upper left corner, shows what is at
 * (xx x + xy y + x0, yx x + yy y + y0), the nearest pixel; what comes from outside is 0.
 */
export function warp(
  source: Uint8Array,
  offset: number,
  target: Uint8Array,
  { channels, height, width }: ImageGeometry,
  xx: number,
  xy: number,
  x0: number,
  yx: number,
  yy: number,
  y0: number,
): void {
  const pixels = height * width;
  for (let i = 0; i < pixels; i++) {
    const x = (i % width) + 0.5;
    const y = Math.floor(i / width) + 0.5;
    const fromX = Math.floor(xx * x + xy * y + x0);
    const fromY = Math.floor(yx * x + yy * y + y0);
    const isInside = fromX >= 0 && fromX < width && fromY >= 0 && fromY < height;
    const from = offset + fromY * width + fromX;
    for (let at = 0; at < channels * pixels; at += pixels) target[at + i] = isInside ? source[from + at]! : 0;
  }
}
