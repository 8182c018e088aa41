import { toByte } from "../luma.js";
import { none, type Operation } from "./operation.js";

/** Stretches the values of each channel over all that there are; a channel of one value stays as it is. */
export const autocontrast: Operation = {
  name: "autocontrast",
  isSigned: false,
  magnitude: none,
  apply: (source, offset, target, { channels, height, width }) => {
    const pixels = height * width;
    for (let plane = 0; plane < channels * pixels; plane += pixels) {
      let low = 255;
      let high = 0;
      for (let i = plane; i < plane + pixels; i++) {
        low = Math.min(low, source[offset + i]!);
        high = Math.max(high, source[offset + i]!);
      }
      const start = high > low ? low : 0;
      const scale = high > low ? 255 / (high - low) : 1;
      for (let i = plane; i < plane + pixels; i++) target[i] = toByte((source[offset + i]! - start) * scale);
    }
  },
};
