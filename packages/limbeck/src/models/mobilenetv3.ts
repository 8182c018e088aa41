import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import type { ImageGeometry } from "../data/dataset.js";
import { constant, kaimingNormal, normal } from "./initial.js";
import { type Layers, traceModel } from "./layers.js";
import type { Model, ModelFamily } from "./model.js";
import {
  dropoutOption,
  fittingStrides,
  IMAGENET,
  membersOf,
  outputStrideOption,
  pooled,
  roundChannels,
  squeezeExcitation,
  widthOption,
} from "./vision.js";

const options = z.strictObject({
  size: z.enum(["small", "large"]).meta({ description: "Which network of the paper." }),
  width: widthOption(),
  outputStride: outputStrideOption(),
  dropout: dropoutOption(0.2),
});

type MobileNetV3Options = z.infer<typeof options>;

/** A row of the paper's tables 1 and 2: kernel, channels inside, channels, squeezing, activation, stride. */
type Row = readonly [kernel: number, inner: number, out: number, squeezes: boolean, act: "RE" | "HS", stride: 1 | 2];

const ROWS: Readonly<Record<MobileNetV3Options["size"], readonly Row[]>> = {
  small: [
    [3, 16, 16, true, "RE", 2],
    [3, 72, 24, false, "RE", 2],
    [3, 88, 24, false, "RE", 1],
    [5, 96, 40, true, "HS", 2],
    [5, 240, 40, true, "HS", 1],
    [5, 240, 40, true, "HS", 1],
    [5, 120, 48, true, "HS", 1],
    [5, 144, 48, true, "HS", 1],
    [5, 288, 96, true, "HS", 2],
    [5, 576, 96, true, "HS", 1],
    [5, 576, 96, true, "HS", 1],
  ],
  large: [
    [3, 16, 16, false, "RE", 1],
    [3, 64, 24, false, "RE", 2],
    [3, 72, 24, false, "RE", 1],
    [5, 72, 40, true, "RE", 2],
    [5, 120, 40, true, "RE", 1],
    [5, 120, 40, true, "RE", 1],
    [3, 240, 80, false, "HS", 2],
    [3, 200, 80, false, "HS", 1],
    [3, 184, 80, false, "HS", 1],
    [3, 184, 80, false, "HS", 1],
    [3, 480, 112, true, "HS", 1],
    [3, 672, 112, true, "HS", 1],
    [5, 672, 160, true, "HS", 2],
    [5, 960, 160, true, "HS", 1],
    [5, 960, 160, true, "HS", 1],
  ],
};
const STEM = 16;
const LAST = { small: 1024, large: 1280 };

function block(layers: Layers, name: string, x: Tensor, [kernel, inner, out, squeezes, act, stride]: Row): Tensor {
  const activate = act === "HS" ? ops.hardSwish : ops.relu;
  let [y, at] = [x, 0];
  const unit = (channels: number, layer: { kernel: number; stride?: number; groups?: number }) => {
    const part = `${name}.block.${at++}`;
    return layers.batchNorm(`${part}.1`, layers.conv(`${part}.0`, y, channels, layer));
  };
  if (inner !== x.shape[1]) y = activate(unit(inner, { kernel: 1 }));
  y = activate(unit(inner, { kernel, stride, groups: inner }));
  if (squeezes) y = squeezeExcitation(layers, `${name}.block.${at++}`, y, roundChannels(inner / 4));
  y = unit(out, { kernel: 1 });
  return stride === 1 && x.shape[1] === out ? ops.add(x, y) : y;
}

/** Rows for a width and the strides that fit the images, after the stem's stride. */
function fittingRows({ size, width, outputStride }: MobileNetV3Options, geometry: ImageGeometry) {
  const rows = ROWS[size];
  const [stemStride, ...strides] = fittingStrides([2, ...rows.map((row) => row[5])], geometry, outputStride);
  const scale = (channels: number) => roundChannels(channels * width);
  return {
    stemStride: stemStride!,
    isStageEnd: rows.map((_, i) => rows[i + 1]?.[5] !== 1),
    rows: rows.map(([kernel, inner, out, squeezes, act], i): Row => {
      return [kernel, scale(inner), scale(out), squeezes, act, strides[i] as 1 | 2];
    }),
  };
}

function build(choice: MobileNetV3Options, geometry: ImageGeometry, classes: number): Model {
  const { stemStride, rows, isStageEnd } = fittingRows(choice, geometry);
  const body = (layers: Layers, images: Tensor) => {
    const stem = layers.conv("features.0.0", images, roundChannels(STEM * choice.width), { stride: stemStride });
    let x = ops.hardSwish(layers.batchNorm("features.0.1", stem));
    const taps: Record<string, Tensor> = { stem: x };
    let stage = 0;
    for (const [i, row] of rows.entries()) {
      x = block(layers, `features.${i + 1}`, x, row);
      if (isStageEnd[i]) taps[`stage${++stage}`] = x;
    }
    const last = layers.conv(`features.${rows.length + 1}.0`, x, 6 * x.shape[1]!, { kernel: 1 });
    const features = pooled(ops.hardSwish(layers.batchNorm(`features.${rows.length + 1}.1`, last)));
    const units = roundChannels(LAST[choice.size] * choice.width);
    const hidden = ops.hardSwish(layers.linear("classifier.0", features, units));
    const logits = layers.linear("classifier.3", layers.dropout(hidden, choice.dropout), classes);
    return { logits, taps: { ...taps, features } };
  };
  return traceModel("mobilenetv3", geometry, body, {
    conv: (shape) => kaimingNormal(shape, "out"),
    convBias: constant(0),
    linear: () => normal(0.01),
    linearBias: constant(0),
    eps: 1e-3,
    momentum: 0.01,
  });
}

const member = membersOf(IMAGENET);

/** MobileNetV3. */
export const mobilenetv3: ModelFamily<MobileNetV3Options> = {
  name: "mobilenetv3",
  description: "Searched inverted residuals with squeeze and excitation and hard swish.",
  source: "Howard et al. 2019; names and first values of torchvision",
  options,
  members: [member("mobilenetv3-small", { size: "small" }), member("mobilenetv3-large", { size: "large" })],
  build,
};
