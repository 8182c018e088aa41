import type { RandomStream } from "@limbeck/graph";
import { z } from "zod";
import type { ImageGeometry } from "../dataset.js";
import type { Augmentation } from "./augmentation.js";
import { toByte } from "./luma.js";

const range = (name: string, most: number) =>
  z
    .tuple([z.number().positive().max(most), z.number().positive().max(most)])
    .refine(([low, high]) => low <= high, `${name} must rise`);

/** Options of {@link randomResizedCrop}, as torchvision's. */
export interface ResizedCropOptions {
  /** Least and largest share of the area. Default [0.08, 1]. */
  readonly scale: readonly [number, number];
  /** Least and largest ratio of width to height. Default [3/4, 4/3]. */
  readonly ratio: readonly [number, number];
}

/** After so many boxes that do not fit, the largest one in the middle is taken. */
const TRIES = 10;

interface Box {
  top: number;
  left: number;
  height: number;
  width: number;
}

/** Cuts a rectangle of any size, shape and place out of the image and enlarges it to the image's size, bilinearly (Szegedy et al. 2015). */
export const randomResizedCrop: Augmentation<ResizedCropOptions> = {
  name: "random-resized-crop",
  summary: "cuts a rectangle out and enlarges it to the image's size (Szegedy et al. 2015); the usual one for photos",
  options: z.strictObject({
    scale: range("scale", 1).default([0.08, 1]).describe("least and largest share of the image's area"),
    ratio: range("ratio", 100)
      .default([3 / 4, 4 / 3])
      .describe("least and largest ratio of width to height"),
  }),
  prepare: (options) => {
    const box: Box = { top: 0, left: 0, height: 0, width: 0 };
    return (source, offset, target, geometry, random) => {
      drawBox(box, options, geometry, random);
      enlarge(source, offset, target, geometry, box);
    };
  },
};

function drawBox(
  box: Box,
  { scale, ratio }: ResizedCropOptions,
  { height, width }: ImageGeometry,
  random: RandomStream,
): void {
  const [flat, steep] = [Math.log(ratio[0]), Math.log(ratio[1])];
  for (let i = 0; i < TRIES; i++) {
    const area = height * width * (scale[0] + (scale[1] - scale[0]) * random.uniform());
    const shape = Math.exp(flat + (steep - flat) * random.uniform());
    box.width = Math.round(Math.sqrt(area * shape));
    box.height = Math.round(Math.sqrt(area / shape));
    if (box.width < 1 || box.width > width || box.height < 1 || box.height > height) continue;
    box.top = random.below(height - box.height + 1);
    box.left = random.below(width - box.width + 1);
    return;
  }
  const shape = Math.min(ratio[1], Math.max(ratio[0], width / height));
  box.width = Math.min(width, Math.max(1, Math.round(height * shape)));
  box.height = Math.min(height, Math.max(1, Math.round(width / shape)));
  box.top = Math.floor((height - box.height) / 2);
  box.left = Math.floor((width - box.width) / 2);
}

/** Half-pixel centers, and the box's own border beyond its ends, as PyTorch's bilinear interpolation. */
function enlarge(
  source: Uint8Array,
  offset: number,
  target: Uint8Array,
  { channels, height, width }: ImageGeometry,
  box: Box,
): void {
  for (let row = 0; row < height; row++) {
    const y = Math.max(0, ((row + 0.5) * box.height) / height - 0.5);
    const upper = Math.floor(y);
    const lower = Math.min(box.height - 1, upper + 1);
    for (let column = 0; column < width; column++) {
      const x = Math.max(0, ((column + 0.5) * box.width) / width - 0.5);
      const left = Math.floor(x);
      const right = Math.min(box.width - 1, left + 1);
      for (let channel = 0; channel < channels; channel++) {
        const plane = offset + channel * height * width;
        const high = plane + (box.top + upper) * width + box.left;
        const low = plane + (box.top + lower) * width + box.left;
        const above = source[high + left]! * (left + 1 - x) + source[high + right]! * (x - left);
        const below = source[low + left]! * (left + 1 - x) + source[low + right]! * (x - left);
        target[(channel * height + row) * width + column] = toByte(above * (upper + 1 - y) + below * (y - upper));
      }
    }
  }
}
