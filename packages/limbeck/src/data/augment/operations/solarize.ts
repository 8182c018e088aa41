import { sampleLength } from "../../dataset.js";
import type { Operation } from "./operation.js";

/** Turns around all values from the magnitude on: a threshold, which falls from 255 to 0. */
export const solarize: Operation = {
  name: "solarize",
  isSigned: false,
  magnitude: (share) => 255 * (1 - share),
  apply: (source, offset, target, geometry, threshold) => {
    const length = sampleLength(geometry);
    for (let i = 0; i < length; i++) {
      const value = source[offset + i]!;
      target[i] = value >= threshold ? 255 - value : value;
    }
  },
};
