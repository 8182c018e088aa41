import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import type { ImageGeometry } from "../data/dataset.js";
import { LimbeckError } from "../support/errors.js";
import { normal, pytorchDefault } from "./initial.js";
import { type Layers, traceModel } from "./layers.js";
import type { Model, ModelFamily } from "./model.js";
import { dropoutOption } from "./vision.js";

/** Bytes, and the place of those that are missing. */
const SYMBOLS = 257;

const options = z.strictObject({
  embedding: z.int().positive().max(256).default(16).meta({ description: "Numbers that each byte becomes." }),
  patch: z.int().positive().max(64).default(4).meta({ description: "Bytes in a row that become one place." }),
  channels: z
    .array(z.int().positive())
    .min(1)
    .max(8)
    .default([64, 96])
    .meta({ description: "Channels of each convolution; between two, places are halved by their maximum." }),
  kernel: z.int().positive().max(31).default(5).meta({ description: "Places that a convolution sees; odd." }),
  dropout: dropoutOption(0),
});

type BytesOptions = z.output<typeof options>;

function build(choice: BytesOptions, geometry: ImageGeometry, classes: number): Model {
  const { channels, height, width } = geometry;
  const length = channels * height * width;
  requirePlaces(length, choice);
  return traceModel("bytes", geometry, (layers, images) => {
    const taps: Record<string, Tensor> = {};
    let x = patches(embedded(layers, ops.reshape(images, [-1, length]), choice.embedding), choice);
    for (const [i, out] of choice.channels.entries()) {
      if (i > 0) x = ops.maxPool2d(x, [1, 2]);
      x = ops.relu(layers.batchNorm(`bn${i + 1}`, alongRow(layers, `conv${i + 1}`, x, out, choice.kernel)));
      taps[`stage${i + 1}`] = x;
    }
    const features = ops.flatten(ops.reduceMax(x, { axes: [2, 3] }));
    taps.features = features;
    return { logits: layers.linear("fc", layers.dropout(features, choice.dropout), classes), taps };
  });
}

/** Bytes [N, L] as vectors [N, L, E]; what is none counts as missing. */
function embedded(layers: Layers, bytes: Tensor, size: number): Tensor {
  const table = layers.parameter("embedding.weight", [SYMBOLS, size], normal(1));
  return ops.gather(table, ops.cast(ops.clip(bytes, 0, SYMBOLS - 1), "int64"), 0);
}

/** Vectors of `patch` bytes that follow on each other as channels of one place: [N, L, E] becomes [N, patch · E, 1, L / patch]. */
function patches(x: Tensor, { patch, embedding }: BytesOptions): Tensor {
  const places = x.shape[1]! / patch;
  return ops.reshape(ops.transpose(ops.reshape(x, [-1, places, patch * embedding]), [0, 2, 1]), [
    -1,
    patch * embedding,
    1,
    places,
  ]);
}

/** A `Conv2d` along the one row that there is, without bias; it keeps the number of places. @param x [N, C, 1, L] */
function alongRow(layers: Layers, name: string, x: Tensor, out: number, kernel: number): Tensor {
  const shape = [out, x.shape[1]!, 1, kernel];
  const weight = layers.parameter(`${name}.weight`, shape, pytorchDefault(shape));
  return ops.conv(x, weight, undefined, { padding: [0, (kernel - 1) / 2] });
}

function requirePlaces(length: number, { patch, channels, kernel }: BytesOptions): void {
  const refuse = (message: string, key: string, value: number, fix: string): never => {
    throw new LimbeckError("RECIPE_INVALID", message, { where: `model: bytes: ${key}`, value, fix });
  };
  if (kernel % 2 === 0) refuse(`a kernel of ${kernel} places has no middle`, "kernel", kernel, "Take an odd number.");
  if (length % patch !== 0)
    refuse(`${length} bytes are no whole number of patches of ${patch}`, "patch", patch, "Take a divisor.");
  const places = length / patch / 2 ** (channels.length - 1);
  if (places < 1)
    refuse(`${length} bytes are too few for ${channels.length} convolutions`, "channels", places, "Take fewer.");
}

const FILES = { geometry: { channels: 1, height: 1, width: 2048 }, classes: 214 };

/** Convolutions over the bytes of files. */
export const bytes: ModelFamily<BytesOptions> = {
  name: "bytes",
  description:
    "An embedding of each byte, convolutions over patches of them, the maximum over all places: for files of any kind.",
  source:
    "Fratantonio et al. 2024, Magika: AI-Powered Content-Type Detection (the same kind of network, with batch normalization and ReLU in place of layer normalization and GELU); PyTorch's defaults",
  options,
  members: [
    { name: "bytes-32", options: { channels: [32, 48] }, ...FILES },
    { name: "bytes-64", options: {}, ...FILES },
  ],
  build,
};
