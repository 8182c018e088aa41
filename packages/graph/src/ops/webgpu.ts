import { floatAttribute, type InferContext, numberAttribute } from "../operator.js";
import { type Shape, sizeOf } from "../shape.js";
import type { Tensor } from "../tensor.js";
import * as f from "./build.js";
import { channelAxes, inverseRoot, perChannel } from "./normalized.js";

/** What ONNX Runtime 1.30 lacks or gets wrong on WebGPU, put together from what it gets right. */

/** A depthwise convolution with several filters a channel gives wrong numbers: one convolution for each filter. */
export function depthwiseConv({ inputs, attributes }: InferContext): Tensor[] | undefined {
  const [x, weight, bias] = inputs as [Tensor, Tensor, Tensor | undefined];
  const [channels, kernel] = [x.shape[1]!, weight.shape.slice(2)];
  const filters = weight.shape[0]! / channels;
  const isDepthwise = numberAttribute(attributes, "group", 1) === channels && channels > 1;
  if (!isDepthwise || filters === 1 || sizeOf(kernel) === 1) return undefined;
  const ofEach = (values: Tensor, rest: Shape, i: number) =>
    f.reshape(f.slice(f.reshape(values, [channels, filters, ...rest]), [i], [i + 1], [1]), [channels, ...rest]);
  const maps = Array.from({ length: filters }, (_, i) => {
    const weights = ofEach(weight, [1, ...kernel], i);
    return f.emitOne("Conv", bias ? [x, weights, ofEach(bias, [], i)] : [x, weights], attributes);
  });
  const [batch, , ...positions] = maps[0]!.shape as [number, number, ...number[]];
  const stacked = f.concat(
    maps.map((map) => f.reshape(map, [batch, channels, 1, ...positions])),
    2,
  );
  return [f.reshape(stacked, [batch, channels * filters, ...positions])];
}

/** A transposed convolution that takes several channels of a group to one gives wrong numbers: to two, of which one goes. */
export function transposedToOne({ inputs, attributes }: InferContext): Tensor[] | undefined {
  const [x, weight, bias] = inputs as [Tensor, Tensor, Tensor | undefined];
  const group = numberAttribute(attributes, "group", 1);
  if (group === 1 || weight.shape[1] !== 1 || weight.shape[0] === group) return undefined;
  const double = f.emitOne("ConvTranspose", [x, f.concat([weight, weight], 1)], attributes);
  const [batch, , ...positions] = double.shape as [number, number, ...number[]];
  const pairs = f.reshape(double, [batch, group, 2, ...positions]);
  const output = f.reshape(f.slice(pairs, [0], [1], [2]), [batch, group, ...positions]);
  return [bias ? f.add(output, perChannel(bias, output.shape)) : output];
}

/** Batch normalization has no training mode. */
export function trainingBatchNormalization({ inputs, attributes }: InferContext): Tensor[] | undefined {
  if (numberAttribute(attributes, "training_mode", 0) !== 1) return undefined;
  const [x, scale, bias, runningMean, runningVar] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const axes = channelAxes(x.shape);
  const mean = f.reduceMean(x, { axes });
  const centered = f.sub(x, perChannel(mean, x.shape));
  const variance = f.reduceMean(f.mul(centered, centered), { axes });
  const factor = f.mul(scale, inverseRoot(variance, floatAttribute(attributes, "epsilon", 1e-5)));
  const output = f.add(f.mul(centered, perChannel(factor, x.shape)), perChannel(bias, x.shape));
  const momentum = floatAttribute(attributes, "momentum", 0.9);
  const blend = (old: Tensor, now: Tensor) =>
    momentum === 0 ? f.detach(now) : f.detach(f.add(f.mul(old, momentum), f.mul(now, 1 - momentum)));
  return [output, blend(runningMean, mean), blend(runningVar, variance)];
}
