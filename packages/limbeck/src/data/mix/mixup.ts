import { sampleLength } from "../dataset.js";
import { drawBeta } from "./beta.js";
import { type Mixing, mixingOptions } from "./mixing.js";

/**
 * Lays one image over another: λ times the one plus 1 - λ times the other, labels likewise (Zhang, Cissé, Dauphin &
 * Lopez-Paz 2018, mixup: Beyond Empirical Risk Minimization). With alpha 1, on every image and without labels, it is the
 * mixup of function matching (Beyer et al. 2022).
 */
export const mixup: Mixing = {
  name: "mixup",
  summary: "lays two images over each other, and mixes their labels",
  options: mixingOptions,
  prepare: ({ alpha, p, per }) => ({
    p,
    per,
    change: (images, to, other, from, geometry, random) => {
      const share = drawBeta(alpha, random);
      const length = sampleLength(geometry);
      for (let i = 0; i < length; i++) images[to + i] = share * images[to + i]! + (1 - share) * other[from + i]!;
      return share;
    },
  }),
};
