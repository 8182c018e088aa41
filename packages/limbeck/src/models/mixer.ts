import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import type { ImageGeometry } from "../data/dataset.js";
import { constant, lecunNormal, normal, xavierUniform } from "./initial.js";
import { type Layers, traceModel } from "./layers.js";
import type { Model, ModelFamily } from "./model.js";
import {
  dropPathOf,
  dropPathOption,
  embedPatches,
  LAYER_NORM_EPS,
  mlpBlock,
  patchOption,
  patchSide,
} from "./patches.js";
import { CIFAR_100, IMAGENET, membersOf } from "./vision.js";

const options = z.strictObject({
  dim: z.int().positive().default(512).meta({ description: "Features of a token." }),
  depth: z.int().positive().default(8).meta({ description: "Blocks." }),
  tokenRatio: z.number().positive().default(0.5).meta({ description: "Units that mix tokens, as a share of dim." }),
  channelRatio: z.number().positive().default(4).meta({ description: "Units that mix features, as a share of dim." }),
  patch: patchOption(),
  dropPath: dropPathOption(),
});

type MixerOptions = z.infer<typeof options>;

function build(choice: MixerOptions, geometry: ImageGeometry, classes: number): Model {
  const { dim, depth, tokenRatio, channelRatio, dropPath } = choice;
  const side = patchSide(geometry, choice.patch);
  const turned = (x: Tensor) => ops.transpose(x, [0, 2, 1]);
  const body = (layers: Layers, images: Tensor) => {
    const norm = (name: string, tensor: Tensor) => layers.layerNorm(name, tensor, LAYER_NORM_EPS);
    let x = embedPatches(layers, "stem.proj", images, dim, side);
    const taps: Record<string, Tensor> = { embeddings: x };
    for (let i = 0; i < depth; i++) {
      const name = `blocks.${i}`;
      const tokens = turned(norm(`${name}.norm1`, x));
      const left = (y: Tensor) => layers.dropPath(y, dropPathOf(i, depth, dropPath));
      x = ops.add(x, left(turned(mlpBlock(layers, `${name}.mlp_tokens`, tokens, Math.round(dim * tokenRatio)))));
      x = ops.add(
        x,
        left(mlpBlock(layers, `${name}.mlp_channels`, norm(`${name}.norm2`, x), Math.round(dim * channelRatio))),
      );
      taps[`block${i + 1}`] = x;
    }
    const features = ops.reduceMean(norm("norm", x), { axes: [1] });
    const zeros = { linear: () => constant(0), linearBias: constant(0) };
    return { logits: layers.linear("head", features, classes, zeros), taps: { ...taps, features } };
  };
  return traceModel("mlp-mixer", geometry, body, {
    conv: lecunNormal,
    convBias: constant(0),
    linear: xavierUniform,
    linearBias: normal(1e-6),
  });
}

/** MLP-Mixer. */
export const mixer: ModelFamily<MixerOptions> = {
  name: "mlp-mixer",
  description: "Linear layers that mix patches and features in turn.",
  source: "Tolstikhin et al. 2021; names and first values of timm",
  options,
  members: [membersOf(CIFAR_100)("mixer-tiny-cifar", { dim: 128, depth: 8 }), membersOf(IMAGENET)("mixer-s16", {})],
  build,
};
