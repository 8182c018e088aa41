import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import type { ImageGeometry } from "../data/dataset.js";
import type { Layers } from "./layers.js";
import type { FamilyMember } from "./model.js";

/** Images and classes that members of families were published for. */
interface Benchmark {
  readonly geometry: ImageGeometry;
  readonly classes: number;
}

const square = (channels: number, side: number, classes: number): Benchmark => ({
  geometry: { channels, height: side, width: side },
  classes,
});

export const MNIST: Benchmark = square(1, 28, 10);
export const CIFAR_100: Benchmark = square(3, 32, 100);
export const IMAGENET: Benchmark = square(3, 224, 1000);

/** Names members that were made for one benchmark. */
export const membersOf =
  (benchmark: Benchmark) =>
  (name: string, options: FamilyMember["options"]): FamilyMember => ({ name, options, ...benchmark });

/** The usual options of families. */
export const widthOption = () =>
  z.number().positive().max(16).default(1).meta({ description: "Factor of all channels." });

export const dropoutOption = (share: number) =>
  z.number().min(0).lt(1).default(share).meta({ description: "Share of features dropped before the classifier." });

export const outputStrideOption = () =>
  z.literal([1, 2, 4, 8, 16, 32]).optional().meta({
    description:
      "How many times smaller the last feature maps are than the image; the first strides are left out. Default: 32 for images from 128 pixels on; less for smaller ones, so that 4 × 4 pixels or more are left.",
  });

/** Strides of a network's layers in which the first ones are left out until the last feature maps are large enough. */
export function fittingStrides(
  strides: readonly number[],
  { height, width }: ImageGeometry,
  outputStride?: number,
): number[] {
  const wanted = outputStride ?? defaultOutputStride(Math.min(height, width));
  let total = strides.reduce((product, stride) => product * stride, 1);
  return strides.map((stride) => {
    if (total <= wanted) return stride;
    total /= stride;
    return 1;
  });
}

/** The largest power of two that leaves more than 3 pixels, which strided convolutions round up to 4. */
function defaultOutputStride(side: number): number {
  return 2 ** Math.max(0, Math.ceil(Math.log2(side / 3)) - 1);
}

/** A number of channels as a multiple of `divisor`, never less than 90 % of what was asked for, as in MobileNets. */
export function roundChannels(channels: number, divisor = 8): number {
  const rounded = Math.max(divisor, Math.floor((channels + divisor / 2) / divisor) * divisor);
  return rounded < 0.9 * channels ? rounded + divisor : rounded;
}

/** The mean of each channel: [N, C, H, W] becomes [N, C]. */
export const pooled = (x: Tensor): Tensor => ops.flatten(ops.globalAveragePool(x));

/** One vector a sample: maps [N, C, H, W] and tokens [N, L, D] are averaged over their places. */
export function averaged(x: Tensor): Tensor {
  if (x.shape.length === 2) return x;
  return ops.reduceMean(x, { axes: x.shape.length === 3 ? [1] : [2, 3] });
}

export const relu6 = (x: Tensor): Tensor => ops.clip(x, 0, 6);

/** Squeeze and excitation (Hu et al. 2018): channels weighed by gates that see the mean of all of them. */
export function squeezeExcitation(layers: Layers, name: string, x: Tensor, squeezed: number): Tensor {
  const mean = ops.globalAveragePool(x);
  const hidden = ops.relu(layers.conv(`${name}.fc1`, mean, squeezed, { kernel: 1, bias: true }));
  return ops.mul(x, ops.hardSigmoid(layers.conv(`${name}.fc2`, hidden, x.shape[1]!, { kernel: 1, bias: true })));
}
