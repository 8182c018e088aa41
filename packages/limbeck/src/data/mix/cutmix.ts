import { drawBeta } from "./beta.js";
import { type Mixing, mixingOptions } from "./mixing.js";

/**
 * Puts a rectangle of one image into another, at the same place (Yun, Han, Oh, Chun, Choe & Yoo 2019, CutMix). It has the
 * image's proportions and 1 - λ of its area, and lies around any pixel; what reaches over the border is cut off, and the
 * share is that of the pixels that are left.
 */
export const cutmix: Mixing = {
  name: "cutmix",
  summary: "puts a rectangle of one image into another, and mixes their labels by area",
  options: mixingOptions,
  prepare: ({ alpha, p, per }) => ({
    p,
    per,
    change: (images, to, other, from, { channels, height, width }, random) => {
      const side = Math.sqrt(1 - drawBeta(alpha, random));
      const middleY = random.below(height);
      const middleX = random.below(width);
      const halfHeight = Math.floor((height * side) / 2);
      const halfWidth = Math.floor((width * side) / 2);
      const top = Math.max(0, middleY - halfHeight);
      const left = Math.max(0, middleX - halfWidth);
      const bottom = Math.min(height, middleY + halfHeight);
      const right = Math.min(width, middleX + halfWidth);
      for (let row = 0; row < channels * height; row++) {
        if (row % height < top || row % height >= bottom) continue;
        for (let i = row * width + left; i < row * width + right; i++) images[to + i] = other[from + i]!;
      }
      return 1 - ((bottom - top) * (right - left)) / (height * width);
    },
  }),
};
