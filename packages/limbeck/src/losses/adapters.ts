import { ops, type Tensor } from "@limbeck/graph";
import { constant, pytorchDefault } from "../models/initial.js";
import { mismatch } from "./features.js";
import type { FeaturePair, LossStore } from "./loss.js";

/**
 * A linear layer over channels at each position: a 1×1 convolution for maps [N, C, H, W], `Linear` for vectors [N, D] and
 * tokens [N, L, D]. Parameters are PyTorch's.
 */
export function pointwise(store: LossStore, name: string, x: Tensor, out: number, bias = true): Tensor {
  const rank = x.shape.length;
  const isMap = rank === 4;
  const inputs = x.shape[isMap ? 1 : rank - 1]!;
  const shape = isMap ? [out, inputs, 1, 1] : [out, inputs];
  const weight = store.parameter(`${name}.weight`, shape, pytorchDefault(shape));
  const shift = bias ? store.parameter(`${name}.bias`, [out], pytorchDefault(shape)) : undefined;
  if (isMap) return ops.conv(x, weight, shift);
  const flat = ops.linear(ops.reshape(x, [-1, inputs]), weight, shift);
  return ops.reshape(flat, [...x.shape.slice(0, -1), out]);
}

/** Channels of maps and vectors, features of tokens. */
export function widthOf({ shape }: Tensor): number {
  return shape.length === 4 ? shape[1]! : shape.at(-1)!;
}

/** Batch normalization by the batch's own statistics. No running ones are kept: an adapter never meets single samples. */
export function normalizeBatch(store: LossStore, name: string, x: Tensor): Tensor {
  const shape = [x.shape[1]!];
  const weight = store.parameter(`${name}.weight`, shape, constant(1));
  const bias = store.parameter(`${name}.bias`, shape, constant(0));
  return standardizeBatch(x, { weight, bias });
}

/** The same without weight and bias, if none are given. */
export function standardizeBatch(x: Tensor, affine?: { readonly weight: Tensor; readonly bias: Tensor }): Tensor {
  const shape = [x.shape[1]!];
  const [zeros, ones] = [filled(x, shape, 0), filled(x, shape, 1)];
  const state = { runningMean: zeros, runningVar: ones, ...(affine ?? { weight: ones, bias: zeros }) };
  return ops.batchNorm(x, state, { training: true }).output;
}

/** A convolution that keeps the size of maps [N, C, H, W]; kernels are odd. */
export function convolve(store: LossStore, name: string, x: Tensor, out: number, kernel = 3, bias = true): Tensor {
  const shape = [out, x.shape[1]!, kernel, kernel];
  const weight = store.parameter(`${name}.weight`, shape, pytorchDefault(shape));
  const shift = bias ? store.parameter(`${name}.bias`, [out], pytorchDefault(shape)) : undefined;
  return ops.conv(x, weight, shift, { padding: (kernel - 1) / 2 });
}

function filled(x: Tensor, shape: readonly number[], value: number): Tensor {
  return x.graph.constant(x.dtype, shape, new Array<number>(shape[0]!).fill(value));
}

/**
 * A convolution that takes the student's maps to the teacher's channels and size: stride 2 where the student's are twice as
 * large, transposed where they are half as large, else a filter just large enough; or a linear layer for vectors and tokens.
 * @throws LimbeckError FEATURE_MISMATCH where no such layer exists
 */
export function regressor(store: LossStore, name: string, pair: FeaturePair, bias = true): Tensor {
  const { student, teacher } = pair;
  const width = widthOf(teacher);
  if (student.shape.length !== teacher.shape.length) throw unfit(pair);
  if (student.shape.length !== 4) {
    if (student.shape.length === 3 && student.shape[1] !== teacher.shape[1]) throw unfit(pair);
    return pointwise(store, name, student, width, bias);
  }
  const [, channels, height, breadth] = student.shape as [number, number, number, number];
  const [, , toHeight, toBreadth] = teacher.shape as [number, number, number, number];
  const parameters = (shape: readonly number[]) => {
    const weight = store.parameter(`${name}.weight`, shape, pytorchDefault(shape));
    return [weight, bias ? store.parameter(`${name}.bias`, [width], pytorchDefault(shape)) : undefined] as const;
  };
  if (height === 2 * toHeight && breadth === 2 * toBreadth) {
    return ops.conv(student, ...parameters([width, channels, 3, 3]), { stride: 2, padding: 1 });
  }
  if (2 * height === toHeight && 2 * breadth === toBreadth) {
    return ops.convTranspose(student, ...parameters([channels, width, 4, 4]), { stride: 2, padding: 1 });
  }
  if (height < toHeight || breadth < toBreadth) throw unfit(pair);
  const kernel = [1 + height - toHeight, 1 + breadth - toBreadth];
  return ops.conv(student, ...parameters([width, channels, ...kernel]));
}

function unfit(pair: FeaturePair) {
  return mismatch(pair, "no regressor takes the one to the other", "Tap layers of the same, half or double size.");
}
