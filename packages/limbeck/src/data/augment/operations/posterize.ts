import { sampleLength } from "../../dataset.js";
import type { Operation } from "./operation.js";

/** Keeps the highest bits of every value: the magnitude is how many. */
export const posterize: Operation = {
  name: "posterize",
  isSigned: false,
  magnitude: (share, reach) => 8 - Math.round(share * (reach === "wide" ? 6 : 4)),
  apply: (source, offset, target, geometry, bits) => {
    const length = sampleLength(geometry);
    const mask = (0xff << (8 - bits)) & 0xff;
    for (let i = 0; i < length; i++) target[i] = source[offset + i]! & mask;
  },
};
