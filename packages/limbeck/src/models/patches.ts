import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import type { ImageGeometry } from "../data/dataset.js";
import { LimbeckError } from "../support/errors.js";
import type { Layers } from "./layers.js";

/** Images from this side on are cut into large patches by default. */
const LARGE_IMAGE = 128;

/** Epsilon of layer normalization in timm's models of patches. */
export const LAYER_NORM_EPS = 1e-6;

export const patchOption = () =>
  z.int().positive().max(64).optional().meta({
    description: "Side of a patch, in pixels. Default: 16 for images from 128 pixels on, 4 for smaller ones.",
  });

export const dropPathOption = () =>
  z.number().min(0).max(0.99).default(0).meta({
    description:
      "Stochastic depth: share of the samples that the last block passes over; earlier ones pass over fewer.",
  });

/** The share of samples that a block passes over: none for the first, and evenly more from block to block. */
export function dropPathOf(block: number, depth: number, last: number): number {
  return depth === 1 ? last : (last * block) / (depth - 1);
}

/** Checks that patches tile the images. @throws LimbeckError RECIPE_INVALID */
export function patchSide({ height, width }: ImageGeometry, patch?: number): number {
  const side = patch ?? (Math.min(height, width) >= LARGE_IMAGE ? 16 : 4);
  if (height % side === 0 && width % side === 0) return side;
  throw new LimbeckError("RECIPE_INVALID", `patches of ${side} pixels do not tile images of ${height} × ${width}`, {
    where: "model.patch",
    value: side,
    fix: "Choose a patch that divides both sides.",
  });
}

/** Images [N, C, H, W] as embedded patches [N, patches, dim], row by row. */
export function embedPatches(layers: Layers, name: string, images: Tensor, dim: number, patch: number): Tensor {
  const layer = { kernel: patch, stride: patch, padding: 0, bias: true };
  const map = layers.conv(name, images, dim, layer);
  const [, , rows, columns] = map.shape;
  return ops.transpose(ops.reshape(map, [-1, dim, rows! * columns!]), [0, 2, 1]);
}

/** Two linear layers with GELU between them, over the last axis. */
export function mlpBlock(layers: Layers, name: string, x: Tensor, hidden: number): Tensor {
  const inner = ops.gelu(layers.linear(`${name}.fc1`, x, hidden));
  return layers.linear(`${name}.fc2`, inner, x.shape.at(-1)!);
}
