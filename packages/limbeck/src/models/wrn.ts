import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import type { ImageGeometry } from "../data/dataset.js";
import { constant, kaimingNormal } from "./initial.js";
import { type Layers, traceModel } from "./layers.js";
import type { Model, ModelFamily } from "./model.js";
import { CIFAR_100, membersOf, pooled } from "./vision.js";

const options = z.strictObject({
  depth: z
    .int()
    .min(10)
    .refine((depth) => depth % 6 === 4, "use 6 n + 4: 10, 16, 22, 28, 40")
    .meta({ description: "Layers with weights: 6 n + 4, for three stages of n blocks." }),
  width: z.number().positive().max(16).default(1).meta({ description: "Widening factor k." }),
  dropout: z.number().min(0).lt(1).default(0).meta({ description: "Share dropped between a block's convolutions." }),
});

type WrnOptions = z.infer<typeof options>;

/**
 * Pre-activation block. Where shapes change, the shortcut begins after the first activation.
 * @returns its output, and its input as it was normalized
 */
function block(layers: Layers, name: string, x: Tensor, out: number, stride: number, dropout: number) {
  const normalized = layers.batchNorm(`${name}.bn1`, x);
  const active = ops.relu(normalized);
  const first = layers.conv(`${name}.conv1`, active, out, { stride });
  const inner = layers.dropout(ops.relu(layers.batchNorm(`${name}.bn2`, first)), dropout);
  const outer = layers.conv(`${name}.conv2`, inner, out);
  const isSame = x.shape[1] === out && stride === 1;
  const shortcut = isSame ? x : layers.conv(`${name}.convShortcut`, active, out, { kernel: 1, stride });
  return { normalized, output: ops.add(outer, shortcut) };
}

function build({ depth, width, dropout }: WrnOptions, geometry: ImageGeometry, classes: number): Model {
  const body = (layers: Layers, images: Tensor) => {
    let x = layers.conv("conv1", images, 16);
    const taps: Record<string, Tensor> = { stem: x };
    for (const [stage, base] of [16, 32, 64].entries()) {
      const out = Math.max(1, Math.round(base * width));
      for (let i = 0; i < (depth - 4) / 6; i++) {
        const stride = stage > 0 && i === 0 ? 2 : 1;
        const { normalized, output } = block(layers, `block${stage + 1}.layer.${i}`, x, out, stride, dropout);
        if (stage > 0 && i === 0) taps[`stage${stage}.preact`] = normalized;
        x = output;
      }
      taps[`stage${stage + 1}`] = x;
    }
    taps["stage3.preact"] = layers.batchNorm("bn1", x);
    const last = ops.relu(taps["stage3.preact"]);
    const features = pooled(last);
    return { logits: layers.linear("fc", features, classes), taps: { ...taps, last, features } };
  };
  return traceModel("wrn", geometry, body, {
    conv: (shape) => kaimingNormal(shape, "out"),
    linearBias: constant(0),
  });
}

const member = membersOf(CIFAR_100);

/** Wide residual networks for small images. */
export const wrn: ModelFamily<WrnOptions> = {
  name: "wrn",
  description: "Wide residual network for small images: pre-activation blocks, few and wide.",
  source: "Zagoruyko & Komodakis 2016; names and first values of RepDistiller",
  options,
  members: [
    [16, 1],
    [16, 2],
    [40, 1],
    [40, 2],
    [28, 10],
  ].map(([depth, width]) => member(`wrn-${depth}-${width}`, { depth, width })),
  build,
};
