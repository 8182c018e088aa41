import { sampleLength } from "../../dataset.js";
import { toByte } from "../luma.js";
import { type Operation, upTo } from "./operation.js";

/** Multiplies by 1 + magnitude. */
export const brightness: Operation = {
  name: "brightness",
  isSigned: true,
  magnitude: upTo(0.9, 0.99),
  apply: (source, offset, target, geometry, magnitude) => {
    const length = sampleLength(geometry);
    for (let i = 0; i < length; i++) target[i] = toByte(source[offset + i]! * (1 + magnitude));
  },
};
