import { autocontrast } from "./autocontrast.js";
import { brightness } from "./brightness.js";
import { contrast } from "./contrast.js";
import { equalize } from "./equalize.js";
import { identity } from "./identity.js";
import type { Operation } from "./operation.js";
import { posterize } from "./posterize.js";
import { rotate } from "./rotate.js";
import { saturation } from "./saturation.js";
import { sharpness } from "./sharpness.js";
import { shearX, shearY } from "./shear.js";
import { solarize } from "./solarize.js";
import { translateX, translateY } from "./translate.js";

/** The operations that RandAugment and TrivialAugment draw from, each as likely as the others. */
export const OPERATIONS: readonly Operation[] = [
  identity,
  shearX,
  shearY,
  translateX,
  translateY,
  rotate,
  brightness,
  saturation,
  contrast,
  sharpness,
  posterize,
  solarize,
  autocontrast,
  equalize,
];

/** Magnitudes are steps of one thirtieth of the strongest, as in the papers' 31 bins. */
export const STRONGEST = 30;
