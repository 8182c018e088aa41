import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import type { ImageGeometry } from "../data/dataset.js";
import { LimbeckError } from "../support/errors.js";
import { constant, truncatedNormal } from "./initial.js";
import { type Layers, traceModel } from "./layers.js";
import type { Model, ModelFamily } from "./model.js";
import { embedPatches, LAYER_NORM_EPS, mlpBlock, patchOption, patchSide } from "./patches.js";
import { CIFAR_100, IMAGENET, membersOf } from "./vision.js";

const options = z.strictObject({
  dim: z.int().positive().default(192).meta({ description: "Features of a token." }),
  depth: z.int().positive().default(12).meta({ description: "Blocks." }),
  heads: z.int().positive().default(3).meta({ description: "Heads of attention; they divide the features." }),
  mlpRatio: z.number().positive().default(4).meta({ description: "How much wider the layers between are." }),
  patch: patchOption(),
});

type VitOptions = z.infer<typeof options>;

const STD = 0.02;

/** Attention of tokens [N, L, D] to each other; what queries, keys, values and scores before softmax are is tapped. */
function attention(layers: Layers, name: string, x: Tensor, heads: number) {
  const [, tokens, dim] = x.shape as [number, number, number];
  const all = layers.linear(`${name}.qkv`, x, 3 * dim);
  const part = (i: number) => ops.slice(all, [i * dim], [(i + 1) * dim], [2]);
  const taps = { queries: part(0), keys: part(1), values: part(2) };
  const byHead = (rows: Tensor) => ops.transpose(ops.reshape(rows, [-1, tokens, heads, dim / heads]), [0, 2, 1, 3]);
  const queries = ops.mul(byHead(taps.queries), 1 / Math.sqrt(dim / heads));
  const scores = ops.matmul(queries, ops.swapLast(byHead(taps.keys)));
  const mixed = ops.transpose(ops.matmul(ops.softmax(scores), byHead(taps.values)), [0, 2, 1, 3]);
  const output = layers.linear(`${name}.proj`, ops.reshape(mixed, [-1, tokens, dim]), dim);
  return { output, taps: { ...taps, scores } };
}

/** Puts the class token in front, and adds positions. The token is added to a row of zeros: batches may have any size. */
function withClassToken(layers: Layers, patches: Tensor): Tensor {
  const [, count, dim] = patches.shape;
  const token = layers.parameter("cls_token", [1, 1, dim!], truncatedNormal(STD));
  const positions = layers.parameter("pos_embed", [1, count! + 1, dim!], truncatedNormal(STD));
  return ops.add(ops.pad(patches, [0, 0, 1, 0]), ops.add(positions, ops.pad(token, [0, 0, 0, count!])));
}

function build({ dim, depth, heads, mlpRatio, patch }: VitOptions, geometry: ImageGeometry, classes: number): Model {
  if (dim % heads !== 0) {
    throw new LimbeckError("RECIPE_INVALID", `${heads} heads do not divide ${dim} features`, {
      where: "model.heads",
      value: heads,
      fix: "Choose dim as a multiple of heads.",
    });
  }
  const side = patchSide(geometry, patch);
  const body = (layers: Layers, images: Tensor) => {
    const norm = (name: string, tensor: Tensor) => layers.layerNorm(name, tensor, LAYER_NORM_EPS);
    let x = withClassToken(layers, embedPatches(layers, "patch_embed.proj", images, dim, side));
    const taps: Record<string, Tensor> = { embeddings: x };
    for (let i = 0; i < depth; i++) {
      const name = `blocks.${i}`;
      const attended = attention(layers, `${name}.attn`, norm(`${name}.norm1`, x), heads);
      for (const [tap, tensor] of Object.entries(attended.taps)) taps[`block${i + 1}.${tap}`] = tensor;
      x = ops.add(x, attended.output);
      x = ops.add(x, mlpBlock(layers, `${name}.mlp`, norm(`${name}.norm2`, x), Math.round(dim * mlpRatio)));
      taps[`block${i + 1}`] = x;
    }
    const features = ops.squeeze(ops.slice(norm("norm", x), [0], [1], [1]), [1]);
    return { logits: layers.linear("head", features, classes), taps: { ...taps, features } };
  };
  return traceModel("vit", geometry, body, { linear: () => truncatedNormal(STD), linearBias: constant(0) });
}

/** Vision transformers with a class token. */
export const vit: ModelFamily<VitOptions> = {
  name: "vit",
  description: "Vision transformer with a class token; its sizes are those of DeiT.",
  source: "Dosovitskiy et al. 2021, Touvron et al. 2021; names and first values of DeiT in timm",
  options,
  members: [
    membersOf(CIFAR_100)("vit-tiny-cifar", { dim: 192, depth: 9, heads: 3 }),
    membersOf(IMAGENET)("deit-tiny", { dim: 192, heads: 3 }),
    membersOf(IMAGENET)("deit-small", { dim: 384, heads: 6 }),
  ],
  build,
};
