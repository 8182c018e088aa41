import { meanLuma, toByte } from "../luma.js";
import { type Operation, upTo } from "./operation.js";

/** Multiplies the distance from the image's mean luma by 1 + magnitude. */
export const contrast: Operation = {
  name: "contrast",
  isSigned: true,
  magnitude: upTo(0.9, 0.99),
  apply: (source, offset, target, { channels, height, width }, magnitude) => {
    const pixels = height * width;
    const mean = meanLuma(source, offset, pixels, channels);
    for (let i = 0; i < channels * pixels; i++) {
      target[i] = toByte(mean + (source[offset + i]! - mean) * (1 + magnitude));
    }
  },
};
