import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import type { ImageGeometry } from "../data/dataset.js";
import { kaimingNormal } from "./initial.js";
import { type Layers, traceModel } from "./layers.js";
import type { Model, ModelFamily } from "./model.js";
import { CIFAR_100, membersOf, pooled, widthOption } from "./vision.js";

const options = z.strictObject({
  depth: z
    .int()
    .min(8)
    .refine((depth) => depth % 6 === 2, "use 6 n + 2: 8, 14, 20, 26, 32, 44, 56, 110")
    .meta({ description: "Layers with weights: 6 n + 2, for three stages of n blocks." }),
  width: widthOption().meta({
    description: "Factor of all channels; 4 makes the x4 networks, whose first layer is twice as wide.",
  }),
  shortcut: z
    .enum(["projection", "padding"])
    .default("projection")
    .meta({ description: "Where shapes change: a 1×1 convolution (option B), or every other pixel and zeros (A)." }),
});

type ResNetOptions = z.infer<typeof options>;
type Shortcut = (layers: Layers, name: string, x: Tensor, out: number, stride: number) => Tensor;

const projection: Shortcut = (layers, name, x, out, stride) =>
  layers.batchNorm(`${name}.downsample.1`, layers.conv(`${name}.downsample.0`, x, out, { kernel: 1, stride }));

/** Every other pixel, and zeros for the channels that are missing on both sides. */
const padding: Shortcut = (_, __, x, out, stride) => {
  const [, channels, height, width] = x.shape;
  const taken = stride === 1 ? x : ops.slice(x, [0, 0], [height!, width!], [2, 3], [stride, stride]);
  const missing = out - channels!;
  const before = Math.floor(missing / 2);
  return ops.pad(taken, [0, 0, 0, 0, before, missing - before]);
};

/** Two convolutions beside a shortcut; the sum before and after its ReLU. */
function block(layers: Layers, name: string, x: Tensor, out: number, stride: number, shortcut: Shortcut) {
  const inner = ops.relu(layers.batchNorm(`${name}.bn1`, layers.conv(`${name}.conv1`, x, out, { stride })));
  const outer = layers.batchNorm(`${name}.bn2`, layers.conv(`${name}.conv2`, inner, out));
  const isSame = stride === 1 && x.shape[1] === out;
  const preact = ops.add(outer, isSame ? x : shortcut(layers, name, x, out, stride));
  return { preact, output: ops.relu(preact) };
}

function build({ depth, width, shortcut }: ResNetOptions, geometry: ImageGeometry, classes: number): Model {
  const channels = (base: number) => Math.max(1, Math.round(base * width));
  const stem = width > 1 ? Math.round(16 * Math.max(1, width / 2)) : channels(16);
  const link = shortcut === "projection" ? projection : padding;
  const body = (layers: Layers, images: Tensor) => {
    let x = ops.relu(layers.batchNorm("bn1", layers.conv("conv1", images, stem)));
    const taps: Record<string, Tensor> = { stem: x };
    for (const [stage, base] of [16, 32, 64].entries()) {
      for (let i = 0; i < (depth - 2) / 6; i++) {
        const stride = stage > 0 && i === 0 ? 2 : 1;
        const result = block(layers, `layer${stage + 1}.${i}`, x, channels(base), stride, link);
        x = result.output;
        taps[`stage${stage + 1}.preact`] = result.preact;
      }
      taps[`stage${stage + 1}`] = x;
    }
    const features = pooled(x);
    return { logits: layers.linear("fc", features, classes), taps: { ...taps, features } };
  };
  return traceModel("resnet", geometry, body, { conv: (shape) => kaimingNormal(shape, "out") });
}

const member = membersOf(CIFAR_100);

/** ResNets for small images. */
export const resnet: ModelFamily<ResNetOptions> = {
  name: "resnet",
  description: "Residual network for small images: three stages of basic blocks.",
  source: "He et al. 2016, section 4.2; names and first values of RepDistiller",
  options,
  members: [
    ...[8, 14, 20, 32, 56, 110].map((depth) => member(`resnet${depth}`, { depth })),
    ...[8, 32].map((depth) => member(`resnet${depth}x4`, { depth, width: 4 })),
  ],
  build,
};
