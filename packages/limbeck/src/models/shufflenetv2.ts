import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import type { ImageGeometry } from "../data/dataset.js";
import { type Layers, traceModel } from "./layers.js";
import type { Model, ModelFamily } from "./model.js";
import { fittingStrides, IMAGENET, membersOf, outputStrideOption, pooled } from "./vision.js";

/** Channels of the three stages and of the last convolution, by width (the paper's table 5). */
const CHANNELS: Readonly<Record<number, readonly [number, number, number, number]>> = {
  0.5: [48, 96, 192, 1024],
  1: [116, 232, 464, 1024],
  1.5: [176, 352, 704, 1024],
  2: [244, 488, 976, 2048],
};
const BLOCKS = [4, 8, 4];
const STEM = 24;

const options = z.strictObject({
  width: z
    .literal(
      Object.keys(CHANNELS)
        .map(Number)
        .sort((a, b) => a - b),
    )
    .default(1)
    .meta({ description: "Which network of the paper." }),
  outputStride: outputStrideOption(),
});

type ShuffleNetV2Options = z.infer<typeof options>;

/** Interleaves the two halves of the channels. */
function shuffled(x: Tensor): Tensor {
  const [, channels, height, width] = x.shape;
  const halves = ops.reshape(x, [-1, 2, channels! / 2, height!, width!]);
  return ops.reshape(ops.transpose(halves, [0, 2, 1, 3, 4]), [-1, channels!, height!, width!]);
}

/** Convolution, batch normalization and, but for filters of single channels, ReLU. */
function unit(layers: Layers, name: string, at: number, x: Tensor, out: number, stride?: number): Tensor {
  const isDepthwise = stride !== undefined;
  const layer = isDepthwise ? { stride, groups: out } : { kernel: 1 };
  const y = layers.batchNorm(`${name}.${at + 1}`, layers.conv(`${name}.${at}`, x, out, layer));
  return isDepthwise ? y : ops.relu(y);
}

/** One half passes by, and the other is worked on; the first block of a stage works on all channels twice. */
function block(layers: Layers, name: string, x: Tensor, out: number, stride: number, isFirst: boolean): Tensor {
  const [inputs, half] = [x.shape[1]!, out / 2];
  const channels = (from: number, to: number) => ops.slice(x, [from], [to], [1]);
  let [passing, worked] = [x, x];
  if (isFirst) {
    passing = unit(layers, `${name}.branch1`, 0, x, inputs, stride);
    passing = unit(layers, `${name}.branch1`, 2, passing, half);
  } else [passing, worked] = [channels(0, half), channels(half, out)];
  worked = unit(layers, `${name}.branch2`, 0, worked, half);
  worked = unit(layers, `${name}.branch2`, 3, worked, half, stride);
  worked = unit(layers, `${name}.branch2`, 5, worked, half);
  return shuffled(ops.concat([passing, worked], 1));
}

function build({ width, outputStride }: ShuffleNetV2Options, geometry: ImageGeometry, classes: number): Model {
  const channels = CHANNELS[width]!;
  const [stemStride, poolStride, ...strides] = fittingStrides([2, 2, 2, 2, 2], geometry, outputStride);
  const body = (layers: Layers, images: Tensor) => {
    const first = layers.conv("conv1.0", images, STEM, { stride: stemStride! });
    const stem = ops.relu(layers.batchNorm("conv1.1", first));
    let x = poolStride === 1 ? stem : ops.maxPool2d(stem, 3, { stride: 2, padding: 1 });
    const taps: Record<string, Tensor> = { stem };
    for (const [stage, count] of BLOCKS.entries()) {
      for (let i = 0; i < count; i++) {
        const stride = i === 0 ? strides[stage]! : 1;
        x = block(layers, `stage${stage + 2}.${i}`, x, channels[stage]!, stride, i === 0);
      }
      taps[`stage${stage + 1}`] = x;
    }
    const last = layers.conv("conv5.0", x, channels[3], { kernel: 1 });
    const features = pooled(ops.relu(layers.batchNorm("conv5.1", last)));
    return { logits: layers.linear("fc", features, classes), taps: { ...taps, features } };
  };
  return traceModel("shufflenetv2", geometry, body);
}

const member = membersOf(IMAGENET);

/** ShuffleNetV2. */
export const shufflenetv2: ModelFamily<ShuffleNetV2Options> = {
  name: "shufflenetv2",
  description: "Split channels that pass each other and are shuffled.",
  source: "Ma et al. 2018; names and first values of torchvision",
  options,
  members: [
    [0.5, "0-5"],
    [1, "1-0"],
    [1.5, "1-5"],
    [2, "2-0"],
  ].map(([width, name]) => member(`shufflenetv2-${name}`, { width })),
  build,
};
