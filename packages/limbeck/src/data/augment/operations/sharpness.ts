import { toByte } from "../luma.js";
import { type Operation, upTo } from "./operation.js";

/**
 * Multiplies the distance from the smoothed image by 1 + magnitude. The smoothed image has five shares of a pixel and one of
 * each of its eight neighbors; pixels of the border stay as they are.
 */
export const sharpness: Operation = {
  name: "sharpness",
  isSigned: true,
  magnitude: upTo(0.9, 0.99),
  apply: (source, offset, target, { channels, height, width }, magnitude) => {
    for (let row = 0; row < channels * height; row++) {
      const y = row % height;
      for (let x = 0; x < width; x++) {
        const at = row * width + x;
        const value = source[offset + at]!;
        const isInside = x > 0 && x < width - 1 && y > 0 && y < height - 1;
        const smooth = isInside ? Math.round((around(source, offset + at, width) + 4 * value) / 13) : value;
        target[at] = toByte(smooth + (value - smooth) * (1 + magnitude));
      }
    }
  },
};

/** The sum of a pixel and its eight neighbors. */
function around(source: Uint8Array, at: number, width: number): number {
  let sum = 0;
  for (let line = at - width; line <= at + width; line += width) {
    sum += source[line - 1]! + source[line]! + source[line + 1]!;
  }
  return sum;
}
