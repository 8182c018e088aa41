import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import type { ImageGeometry } from "../data/dataset.js";
import { type Body, type Layers, traceModel } from "./layers.js";
import type { Model, ModelFamily, ModelValues } from "./model.js";
import { mergedBranches } from "./repvgg-merge.js";
import { fittingStrides, IMAGENET, membersOf, outputStrideOption, pooled, widthOption } from "./vision.js";

/** Blocks of each stage, and factors of its channels. */
const SIZES = {
  A0: { blocks: [2, 4, 14, 1], factors: [0.75, 0.75, 0.75, 2.5] },
  A1: { blocks: [2, 4, 14, 1], factors: [1, 1, 1, 2.5] },
  A2: { blocks: [2, 4, 14, 1], factors: [1.5, 1.5, 1.5, 2.75] },
  B0: { blocks: [4, 6, 16, 1], factors: [1, 1, 1, 2.5] },
} as const;
const CHANNELS = [64, 128, 256, 512] as const;
const STEM = 64;

const options = z.strictObject({
  size: z.enum(["A0", "A1", "A2", "B0"]).default("A0").meta({ description: "Which network of the paper." }),
  width: widthOption(),
  outputStride: outputStrideOption(),
});

type RepVggOptions = z.infer<typeof options>;

/** One layer of the network: a 3×3 convolution and ReLU, once it is deployed. */
interface Block {
  readonly name: string;
  readonly out: number;
  readonly stride: number;
  /** The last one of a stage. */
  readonly tap: string | undefined;
}

function blocksOf({ size, width, outputStride }: RepVggOptions, geometry: ImageGeometry): Block[] {
  const { blocks, factors } = SIZES[size];
  const [stemStride, ...strides] = fittingStrides([2, 2, 2, 2, 2], geometry, outputStride);
  const scaled = (channels: number) => Math.max(1, Math.round(channels * width));
  const stem = { name: "stage0", out: scaled(Math.min(STEM, STEM * factors[0])), stride: stemStride!, tap: "stem" };
  const stages = blocks.flatMap((count, stage) =>
    Array.from({ length: count }, (_, i) => ({
      name: `stage${stage + 1}.${i}`,
      out: scaled(CHANNELS[stage]! * factors[stage]!),
      stride: i === 0 ? strides[stage]! : 1,
      tap: i === count - 1 ? `stage${stage + 1}` : undefined,
    })),
  );
  return [stem, ...stages];
}

type BlockBody = (layers: Layers, block: Block, x: Tensor) => Tensor;

/** Training: a 3×3 and a 1×1 convolution and, where shapes stay, the input itself, each normalized. */
const branches: BlockBody = (layers, { name, out, stride }, x) => {
  const identity = stride === 1 && x.shape[1] === out ? layers.batchNorm(`${name}.rbr_identity`, x) : undefined;
  const branch = (key: string, kernel: number) =>
    layers.batchNorm(`${name}.${key}.bn`, layers.conv(`${name}.${key}.conv`, x, out, { kernel, stride }));
  const sum = ops.add(branch("rbr_dense", 3), branch("rbr_1x1", 1));
  return identity ? ops.add(sum, identity) : sum;
};

/** Deployed: all of it as one convolution. */
const single: BlockBody = (layers, { name, out, stride }, x) =>
  layers.conv(`${name}.rbr_reparam`, x, out, { stride, bias: true });

function build(choice: RepVggOptions, geometry: ImageGeometry, classes: number): Model {
  const blocks = blocksOf(choice, geometry);
  const bodyOf =
    (blockBody: BlockBody): Body =>
    (layers, images) => {
      let x = images;
      const taps: Record<string, Tensor> = {};
      for (const block of blocks) {
        x = ops.relu(blockBody(layers, block, x));
        if (block.tap) taps[block.tap] = x;
      }
      const features = pooled(x);
      return { logits: layers.linear("linear", features, classes), taps: { ...taps, features } };
    };
  const names = blocks.map(({ name }) => name);
  const deployed = {
    model: traceModel("repvgg", geometry, bodyOf(single)),
    convert: (values: ModelValues) => mergedBranches(names, values),
  };
  return { ...traceModel("repvgg", geometry, bodyOf(branches)), deployed };
}

const member = membersOf(IMAGENET);

/** RepVGG. */
export const repvgg: ModelFamily<RepVggOptions> = {
  name: "repvgg",
  description: "Parallel branches in training that become one plain 3×3 convolution a layer when exported.",
  source: "Ding et al. 2021; names and first values of its authors",
  options,
  members: Object.keys(SIZES).map((size) => member(`repvgg-${size.toLowerCase()}`, { size })),
  build,
};
