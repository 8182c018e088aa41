import { shift } from "../jitter.js";
import type { Operation } from "./operation.js";

/** Of width or height, as in AutoAugment: 150 of 331 pixels. */
const SHARE = 150 / 331;
/** In pixels, of images of any size. */
const WIDE = 32;

/** Moves the image to the right, by whole pixels; what becomes free is 0. */
export const translateX: Operation = {
  name: "translate-x",
  isSigned: true,
  magnitude: (share, reach, { width }) => share * (reach === "wide" ? WIDE : SHARE * width),
  apply: (source, offset, target, geometry, pixels) => shift(source, offset, target, geometry, Math.trunc(pixels), 0),
};

/** Moves the image down. */
export const translateY: Operation = {
  name: "translate-y",
  isSigned: true,
  magnitude: (share, reach, { height }) => share * (reach === "wide" ? WIDE : SHARE * height),
  apply: (source, offset, target, geometry, pixels) => shift(source, offset, target, geometry, 0, Math.trunc(pixels)),
};
