import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import type { ImageGeometry } from "../data/dataset.js";
import { constant, kaimingNormal, normal } from "./initial.js";
import { type Layers, traceModel } from "./layers.js";
import type { Model, ModelFamily } from "./model.js";
import { CIFAR_100, membersOf, pooled, widthOption } from "./vision.js";

/** Convolutions of each block, by depth. */
const BLOCKS: Readonly<Record<number, readonly number[]>> = {
  8: [1, 1, 1, 1, 1],
  11: [1, 1, 2, 2, 2],
  13: [2, 2, 2, 2, 2],
  16: [2, 2, 3, 3, 3],
  19: [2, 2, 4, 4, 4],
};
const CHANNELS = [64, 128, 256, 512, 512];

const options = z.strictObject({
  depth: z
    .literal(Object.keys(BLOCKS).map(Number))
    .meta({ description: "Which network of the paper; 8 has one convolution a block." }),
  width: widthOption(),
});

type VggOptions = z.infer<typeof options>;

/** Images from this side on are halved before the last block too. */
const LARGE_IMAGE = 64;

function build({ depth, width }: VggOptions, geometry: ImageGeometry, classes: number): Model {
  const isLarge = Math.min(geometry.height, geometry.width) >= LARGE_IMAGE;
  const body = (layers: Layers, images: Tensor) => {
    let x = images;
    const taps: Record<string, Tensor> = {};
    for (const [i, count] of BLOCKS[depth]!.entries()) {
      if (i > 0 && (i < CHANNELS.length - 1 || isLarge)) x = ops.maxPool2d(x, 2);
      const out = Math.max(1, Math.round(CHANNELS[i]! * width));
      for (let j = 0; j < count; j++) {
        const conv = layers.conv(`block${i}.${3 * j}`, x, out, { bias: true });
        taps[`stage${i + 1}.preact`] = layers.batchNorm(`block${i}.${3 * j + 1}`, conv);
        x = ops.relu(taps[`stage${i + 1}.preact`]!);
      }
      taps[`stage${i + 1}`] = x;
    }
    const features = pooled(x);
    return { logits: layers.linear("classifier", features, classes), taps: { ...taps, features } };
  };
  return traceModel("vgg", geometry, body, {
    conv: (shape) => kaimingNormal(shape, "out"),
    convBias: constant(0),
    linear: () => normal(0.01),
    linearBias: constant(0),
  });
}

const member = membersOf(CIFAR_100);

/** VGG with batch normalization and one linear layer, for small images. */
export const vgg: ModelFamily<VggOptions> = {
  name: "vgg",
  description: "Plain stacks of 3×3 convolutions with batch normalization, for small images.",
  source: "Simonyan & Zisserman 2015; names and first values of RepDistiller",
  options,
  members: Object.keys(BLOCKS).map((depth) => member(`vgg${depth}`, { depth: Number(depth) })),
  build,
};
