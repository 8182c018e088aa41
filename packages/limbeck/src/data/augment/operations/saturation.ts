import { isColored, luma, toByte } from "../luma.js";
import { identity } from "./identity.js";
import { type Operation, upTo } from "./operation.js";

/** Multiplies each pixel's distance from its luma by 1 + magnitude; images without color stay as they are. */
export const saturation: Operation = {
  name: "color",
  isSigned: true,
  magnitude: upTo(0.9, 0.99),
  apply: (source, offset, target, geometry, magnitude) => {
    const { channels, height, width } = geometry;
    if (!isColored(channels)) {
      identity.apply(source, offset, target, geometry, 0);
      return;
    }
    const pixels = height * width;
    for (let i = 0; i < pixels; i++) {
      const gray = luma(source, offset, i, pixels, channels);
      for (let at = i; at < channels * pixels; at += pixels) {
        target[at] = toByte(gray + (source[offset + at]! - gray) * (1 + magnitude));
      }
    }
  },
};
