import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import type { ImageGeometry } from "../data/dataset.js";
import { constant, kaimingNormal, normal } from "./initial.js";
import { type Layers, traceModel } from "./layers.js";
import type { Model, ModelFamily } from "./model.js";
import {
  CIFAR_100,
  dropoutOption,
  fittingStrides,
  IMAGENET,
  membersOf,
  outputStrideOption,
  pooled,
  relu6,
  roundChannels,
  widthOption,
} from "./vision.js";

const options = z.strictObject({
  width: widthOption(),
  expansion: z.number().min(1).max(16).default(6).meta({ description: "How much wider blocks are inside." }),
  divisor: z.int().positive().max(64).default(8).meta({ description: "Channels are multiples of this." }),
  outputStride: outputStrideOption(),
  dropout: dropoutOption(0.2),
});

type MobileNetV2Options = z.infer<typeof options>;

/** Table 2 of the paper: channels, blocks and stride of each stage. The first one does not expand. */
const STAGES = [
  [16, 1, 1],
  [24, 2, 2],
  [32, 3, 2],
  [64, 4, 2],
  [96, 3, 1],
  [160, 3, 2],
  [320, 1, 1],
] as const;
const [STEM, LAST] = [32, 1280];

/** Widens, filters each channel on its own, and narrows without an activation. */
function invertedResidual(layers: Layers, name: string, x: Tensor, out: number, stride: number, expansion: number) {
  const channels = x.shape[1]!;
  const inner = Math.round(channels * expansion);
  let [y, at] = [x, 0];
  if (expansion !== 1) {
    y = relu6(layers.batchNorm(`${name}.conv.0.1`, layers.conv(`${name}.conv.0.0`, x, inner, { kernel: 1 })));
    at = 1;
  }
  const filtered = layers.conv(`${name}.conv.${at}.0`, y, inner, { stride, groups: y.shape[1]! });
  y = relu6(layers.batchNorm(`${name}.conv.${at}.1`, filtered));
  y = layers.batchNorm(`${name}.conv.${at + 2}`, layers.conv(`${name}.conv.${at + 1}`, y, out, { kernel: 1 }));
  return stride === 1 && channels === out ? ops.add(x, y) : y;
}

function build(
  { width, expansion, divisor, outputStride, dropout }: MobileNetV2Options,
  geometry: ImageGeometry,
  classes: number,
): Model {
  const [stemStride, ...strides] = fittingStrides([2, ...STAGES.map(([, , s]) => s)], geometry, outputStride);
  const round = (channels: number, factor: number) => roundChannels(channels * factor, divisor);
  const body = (layers: Layers, images: Tensor) => {
    const stem = layers.conv("features.0.0", images, round(STEM, width), { stride: stemStride! });
    let x = relu6(layers.batchNorm("features.0.1", stem));
    const taps: Record<string, Tensor> = { stem: x };
    let at = 1;
    for (const [stage, [channels, count]] of STAGES.entries()) {
      for (let i = 0; i < count; i++) {
        const stride = i === 0 ? strides[stage]! : 1;
        const factor = stage === 0 ? 1 : expansion;
        x = invertedResidual(layers, `features.${at++}`, x, round(channels, width), stride, factor);
      }
      taps[`stage${stage + 1}`] = x;
    }
    const last = layers.conv(`features.${at}.0`, x, round(LAST, Math.max(1, width)), { kernel: 1 });
    const features = pooled(relu6(layers.batchNorm(`features.${at}.1`, last)));
    const logits = layers.linear("classifier.1", layers.dropout(features, dropout), classes);
    return { logits, taps: { ...taps, features } };
  };
  return traceModel("mobilenetv2", geometry, body, {
    conv: (shape) => kaimingNormal(shape, "out"),
    linear: () => normal(0.01),
    linearBias: constant(0),
  });
}

/** MobileNetV2. */
export const mobilenetv2: ModelFamily<MobileNetV2Options> = {
  name: "mobilenetv2",
  description: "Inverted residuals with linear bottlenecks and depthwise convolutions.",
  source: "Sandler et al. 2018; names and first values of torchvision",
  options,
  members: [
    membersOf(CIFAR_100)("mobilenetv2-half", { width: 0.5, divisor: 4 }),
    membersOf(IMAGENET)("mobilenetv2", {}),
  ],
  build,
};
