import { sampleLength } from "../../dataset.js";
import { none, type Operation } from "./operation.js";

/** Changes nothing. */
export const identity: Operation = {
  name: "identity",
  isSigned: false,
  magnitude: none,
  apply: (source, offset, target, geometry) => {
    const length = sampleLength(geometry);
    for (let i = 0; i < length; i++) target[i] = source[offset + i]!;
  },
};
