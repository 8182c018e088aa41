import { type Operation, upTo } from "./operation.js";
import { warp } from "./warp.js";

/** Moves rows to the left, the lower the farther: by the magnitude, in pixels for each row. */
export const shearX: Operation = {
  name: "shear-x",
  isSigned: true,
  magnitude: upTo(0.3, 0.99),
  apply: (source, offset, target, geometry, slope) => warp(source, offset, target, geometry, 1, slope, 0, 0, 1, 0),
};

/** Moves columns up, those on the right the farther. */
export const shearY: Operation = {
  name: "shear-y",
  isSigned: true,
  magnitude: upTo(0.3, 0.99),
  apply: (source, offset, target, geometry, slope) => warp(source, offset, target, geometry, 1, 0, 0, slope, 1, 0),
};
