import { GraphError } from "../errors.js";
import { type Shape, sizeOf } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { add, detach, emitOne, mul, reducedCount, reduceMean, reshape, sqrt } from "./build.js";
import { channelAxes, perChannel, scratch, standardized, statistics } from "./normalized.js";

/** Scale and shift of a normalization; ones and zeros where left out. */
export interface Affine {
  readonly weight?: Tensor | undefined;
  readonly bias?: Tensor | undefined;
}

/** Added to a variance before its root is taken. PyTorch's default is 1e-5. */
export interface NormOptions {
  readonly eps?: number;
}

export interface BatchNormState {
  /** Scale, shift and running statistics, [C] each. */
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly runningMean: Tensor;
  readonly runningVar: Tensor;
}

export interface BatchNormOptions extends NormOptions {
  /** Share of the batch's statistics in the next running ones, as in PyTorch. Default 0.1. */
  readonly momentum?: number;
  /** Normalizes by the batch's statistics instead of the running ones. Default `false`. */
  readonly training?: boolean;
}

export interface BatchNormResult {
  readonly output: Tensor;
  /** Running statistics after this step, [C]: buffers of a training program. Outside training, the ones given. */
  readonly nextMean: Tensor;
  readonly nextVar: Tensor;
}

/**
 * PyTorch's `BatchNorm1d/2d/3d`: standardizes each channel of x, [N, C, …], over all other axes. The next running variance
 * takes the unbiased variance of the batch; no gradient flows through running statistics.
 * @throws GraphError OPTION_INVALID for a momentum outside [0, 1]; SHAPE_MISMATCH, and in training where a channel has one
 * element only
 */
export function batchNorm(x: Tensor, state: BatchNormState, options: BatchNormOptions = {}): BatchNormResult {
  const { momentum = 0.1, eps = 1e-5, training = false } = options;
  if (!(momentum >= 0 && momentum <= 1)) {
    throw new GraphError("OPTION_INVALID", `momentum must be in [0, 1], got ${momentum}`, { value: momentum });
  }
  const { weight, bias, runningMean, runningVar } = state;
  if (!training) {
    const output = emitOne("BatchNormalization", [x, weight, bias, runningMean, runningVar], { epsilon: eps });
    return { output, nextMean: runningMean, nextVar: runningVar };
  }
  const count = reducedCount(x.shape, channelAxes(x.shape));
  if (count < 2) {
    throw new GraphError("SHAPE_MISMATCH", "a channel of one element has no variance", {
      value: x.shape,
      fix: "Train batch normalization with larger batches.",
    });
  }
  const inputs = [x, weight, bias, scratch(runningMean), scratch(runningVar)];
  const attributes = { epsilon: eps, momentum: 0, training_mode: 1 };
  const [output, mean, variance] = x.graph.emit("BatchNormalization", inputs, attributes);
  const blend = (old: Tensor, now: Tensor, share: number) =>
    add(mul(detach(old), 1 - momentum), mul(detach(now), share));
  return {
    output: output!,
    nextMean: blend(runningMean, mean!, momentum),
    nextVar: blend(runningVar, variance!, (momentum * count) / (count - 1)),
  };
}

/** PyTorch's `LayerNorm`: standardizes the trailing dimensions, those of `weight`. */
export function layerNorm(x: Tensor, weight: Tensor, bias?: Tensor, { eps = 1e-5 }: NormOptions = {}): Tensor {
  const attributes = { axis: x.shape.length - weight.shape.length, epsilon: eps };
  return emitOne("LayerNormalization", bias ? [x, weight, bias] : [x, weight], attributes);
}

/** PyTorch's `InstanceNorm`: standardizes each channel of each sample of [N, C, …] with at least one spatial axis. */
export function instanceNorm(x: Tensor, { weight, bias }: Affine = {}, { eps = 1e-5 }: NormOptions = {}): Tensor {
  const channels = [x.shape[1] ?? 0];
  const inputs = [x, weight ?? filled(x, channels, 1), bias ?? filled(x, channels, 0)];
  return emitOne("InstanceNormalization", inputs, { epsilon: eps });
}

/**
 * PyTorch's `GroupNorm`: standardizes each of `groups` equal groups of channels of each sample. x is [N, C, …], weight and
 * bias [C].
 * @throws GraphError OPTION_INVALID where the groups do not divide the channels
 */
export function groupNorm(x: Tensor, groups: number, affine: Affine = {}, { eps = 1e-5 }: NormOptions = {}): Tensor {
  const [batch = 0, channels = 0] = x.shape;
  if (!(Number.isInteger(groups) && groups >= 1 && channels % groups === 0)) {
    throw new GraphError("OPTION_INVALID", `${groups} groups do not divide ${channels} channels`, { value: groups });
  }
  const rows = reshape(x, [batch, groups, sizeOf(x.shape) / (batch * groups)]);
  // ONNX Runtime has InstanceNormalization in single precision only.
  const standard =
    x.dtype === "float32" ? instanceNorm(rows, {}, { eps }) : standardized(rows, statistics(rows, [2], eps));
  const restored = reshape(standard, x.shape);
  const scaled = affine.weight ? mul(restored, perChannel(affine.weight, x.shape)) : restored;
  return affine.bias ? add(scaled, perChannel(affine.bias, x.shape)) : scaled;
}

/** Root-mean-square normalization (Zhang and Sennrich, 2019) of the trailing dimensions, those of `weight`. Default eps 1e-6. */
export function rmsNorm(x: Tensor, weight: Tensor, { eps = 1e-6 }: NormOptions = {}): Tensor {
  const rank = x.shape.length;
  const axes = weight.shape.map((_, i) => rank - weight.shape.length + i);
  const square = reduceMean(mul(x, x), { axes, keepdims: true });
  return mul(mul(x, emitOne("Reciprocal", [sqrt(add(square, eps))])), weight);
}

/** Divides by the L1 or L2 norm along an axis. A row of zeros stays zero, but its gradient is not a number. */
export function lpNormalize(x: Tensor, axis = -1, p: 1 | 2 = 2): Tensor {
  return emitOne("LpNormalization", [x], { axis, p });
}

/** Subtracts the mean and divides by the standard deviation along axes, [0, 2, 3] by default. */
export function meanVarianceNormalize(x: Tensor, axes: readonly number[] = [0, 2, 3]): Tensor {
  return emitOne("MeanVarianceNormalization", [x], { axes });
}

function filled(like: Tensor, shape: Shape, value: number): Tensor {
  return like.graph.constant(like.dtype, shape, new Array(sizeOf(shape)).fill(value));
}
