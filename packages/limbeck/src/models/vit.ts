import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import type { ImageGeometry } from "../data/dataset.js";
import { LimbeckError } from "../support/errors.js";
import { constant, truncatedNormal } from "./initial.js";
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
  dim: z.int().positive().default(192).meta({ description: "Features of a token." }),
  depth: z.int().positive().default(12).meta({ description: "Blocks." }),
  heads: z.int().positive().default(3).meta({ description: "Heads of attention; they divide the features." }),
  mlpRatio: z.number().positive().default(4).meta({ description: "How much wider the layers between are." }),
  patch: patchOption(),
  dropPath: dropPathOption(),
  distilled: z.boolean().default(false).meta({
    description:
      "A distillation token beside the class token, with an end of its own. Terms that ask a teacher train that end, others the class token's; the answer is their mean.",
  }),
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

/** Puts tokens in front, and adds positions. The tokens are added to rows of zeros: batches may have any size. */
function withTokens(layers: Layers, names: readonly string[], patches: Tensor): Tensor {
  const [, count, dim] = patches.shape;
  const tokens = names.map((name) => layers.parameter(name, [1, 1, dim!], truncatedNormal(STD)));
  const positions = layers.parameter("pos_embed", [1, count! + names.length, dim!], truncatedNormal(STD));
  const inFront = ops.pad(ops.concat(tokens, 1), [0, 0, 0, count!]);
  return ops.add(ops.pad(patches, [0, 0, names.length, 0]), ops.add(positions, inFront));
}

/** What the class token answers, or the mean of that and of what the distillation token answers. */
function answersOf(layers: Layers, tokens: Tensor, classes: number, distilled: boolean) {
  const token = (place: number) => ops.squeeze(ops.slice(tokens, [place], [place + 1], [1]), [1]);
  const features = token(0);
  const byLabels = layers.linear("head", features, classes);
  if (!distilled) return { logits: byLabels, features };
  const byTeacher = layers.linear("head_dist", token(1), classes);
  return { logits: ops.mul(ops.add(byLabels, byTeacher), 0.5), features, ends: { byLabels, byTeacher } };
}

function build(options: VitOptions, geometry: ImageGeometry, classes: number): Model {
  const { dim, depth, heads, mlpRatio, patch, dropPath, distilled } = options;
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
    const names = ["cls_token", ...(distilled ? ["dist_token"] : [])];
    let x = withTokens(layers, names, embedPatches(layers, "patch_embed.proj", images, dim, side));
    const taps: Record<string, Tensor> = { embeddings: x };
    for (let i = 0; i < depth; i++) {
      const name = `blocks.${i}`;
      const attended = attention(layers, `${name}.attn`, norm(`${name}.norm1`, x), heads);
      for (const [tap, tensor] of Object.entries(attended.taps)) taps[`block${i + 1}.${tap}`] = tensor;
      const left = (y: Tensor) => layers.dropPath(y, dropPathOf(i, depth, dropPath));
      x = ops.add(x, left(attended.output));
      x = ops.add(x, left(mlpBlock(layers, `${name}.mlp`, norm(`${name}.norm2`, x), Math.round(dim * mlpRatio))));
      taps[`block${i + 1}`] = x;
    }
    const { features, ...answers } = answersOf(layers, norm("norm", x), classes, distilled);
    return { ...answers, taps: { ...taps, features } };
  };
  return traceModel("vit", geometry, body, { linear: () => truncatedNormal(STD), linearBias: constant(0) });
}

/** Vision transformers with a class token. */
export const vit: ModelFamily<VitOptions> = {
  name: "vit",
  description:
    "Vision transformer with a class token, and DeiT's distillation token if wanted; its sizes are those of DeiT.",
  source: "Dosovitskiy et al. 2021, Touvron et al. 2021; names and first values of DeiT in timm",
  options,
  members: [
    membersOf(CIFAR_100)("vit-tiny-cifar", { dim: 192, depth: 9, heads: 3 }),
    membersOf(IMAGENET)("deit-tiny", { dim: 192, heads: 3 }),
    membersOf(IMAGENET)("deit-tiny-distilled", { dim: 192, heads: 3, distilled: true }),
    membersOf(IMAGENET)("deit-small", { dim: 384, heads: 6 }),
    membersOf(IMAGENET)("deit-small-distilled", { dim: 384, heads: 6, distilled: true }),
  ],
  build,
};
