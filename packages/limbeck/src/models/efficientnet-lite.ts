import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import type { ImageGeometry } from "../data/dataset.js";
import { constant, kaimingNormal } from "./initial.js";
import { type Layers, traceModel } from "./layers.js";
import type { Model, ModelFamily } from "./model.js";
import {
  dropoutOption,
  fittingStrides,
  membersOf,
  outputStrideOption,
  pooled,
  relu6,
  roundChannels,
  widthOption,
} from "./vision.js";

const options = z.strictObject({
  width: widthOption().meta({ description: "Factor of all channels but those of the first and last convolution." }),
  depth: z
    .number()
    .positive()
    .max(16)
    .default(1)
    .meta({ description: "Factor of the blocks of all stages but the first and the last, rounded up." }),
  outputStride: outputStrideOption(),
  dropout: dropoutOption(0.2),
});

type EfficientNetLiteOptions = z.infer<typeof options>;

/** Stages: blocks, kernel, stride, expansion, channels. */
const STAGES = [
  [1, 3, 1, 1, 16],
  [2, 3, 2, 6, 24],
  [2, 5, 2, 6, 40],
  [3, 3, 2, 6, 80],
  [3, 5, 1, 6, 112],
  [4, 5, 2, 6, 192],
  [1, 3, 1, 6, 320],
] as const;
const [STEM, HEAD] = [32, 1280];

interface Block {
  readonly kernel: number;
  readonly stride: number;
  readonly expansion: number;
  readonly out: number;
}

/** Widens, filters each channel on its own, and narrows without an activation. */
function block(layers: Layers, name: string, x: Tensor, { kernel, stride, expansion, out }: Block): Tensor {
  const channels = x.shape[1]!;
  const inner = channels * expansion;
  let [y, norm] = [x, 1];
  const unit = (conv: string, width: number, layer: { kernel: number; stride?: number; groups?: number }) =>
    layers.batchNorm(`${name}.bn${norm++}`, layers.conv(`${name}.${conv}`, y, width, layer));
  if (expansion > 1) y = relu6(unit("conv_pw", inner, { kernel: 1 }));
  y = relu6(unit("conv_dw", inner, { kernel, stride, groups: y.shape[1]! }));
  y = unit(expansion > 1 ? "conv_pwl" : "conv_pw", out, { kernel: 1 });
  return stride === 1 && channels === out ? ops.add(x, y) : y;
}

function build(choice: EfficientNetLiteOptions, geometry: ImageGeometry, classes: number): Model {
  const { width, depth, outputStride, dropout } = choice;
  const [stemStride, ...strides] = fittingStrides([2, ...STAGES.map(([, , s]) => s)], geometry, outputStride);
  const body = (layers: Layers, images: Tensor) => {
    let x = relu6(layers.batchNorm("bn1", layers.conv("conv_stem", images, STEM, { stride: stemStride! })));
    const taps: Record<string, Tensor> = { stem: x };
    for (const [stage, [count, kernel, , expansion, channels]] of STAGES.entries()) {
      const isOuter = stage === 0 || stage === STAGES.length - 1;
      const out = roundChannels(channels * width);
      for (let i = 0; i < (isOuter ? count : Math.ceil(count * depth)); i++) {
        const stride = i === 0 ? strides[stage]! : 1;
        x = block(layers, `blocks.${stage}.${i}`, x, { kernel, stride, expansion, out });
      }
      taps[`stage${stage + 1}`] = x;
    }
    const features = pooled(relu6(layers.batchNorm("bn2", layers.conv("conv_head", x, HEAD, { kernel: 1 }))));
    return {
      logits: layers.linear("classifier", layers.dropout(features, dropout), classes),
      taps: { ...taps, features },
    };
  };
  return traceModel("efficientnet-lite", geometry, body, {
    conv: ([out, ...rest], groups) => kaimingNormal([out! / groups, ...rest], "out"),
    linear: ([out]) => ({ kind: "uniform", bound: 1 / Math.sqrt(out!) }),
    linearBias: constant(0),
  });
}

/** Width, depth and resolution of each published member. */
const SIZES = [
  [1, 1, 224],
  [1, 1.1, 240],
  [1.1, 1.2, 260],
  [1.2, 1.4, 280],
  [1.4, 1.8, 300],
] as const;

/** EfficientNet-lite. */
export const efficientnetLite: ModelFamily<EfficientNetLiteOptions> = {
  name: "efficientnet-lite",
  description: "EfficientNet without squeeze and excitation and with ReLU6, for small devices.",
  source: "Tan & Le 2019, and its authors' lite variants; names and first values of timm",
  options,
  members: SIZES.map(([width, depth, side], i) =>
    membersOf({ geometry: { channels: 3, height: side, width: side }, classes: 1000 })(`efficientnet-lite${i}`, {
      width,
      depth,
    }),
  ),
  build,
};
