import * as f from "../ops/build.js";
import { sizeOf } from "../shape.js";
import type { Tensor } from "../tensor.js";

/** Sums over everything but the channels of [N, C, H, W]; operands are blocked, results [C]. */

export function channelMean(x: Tensor): Tensor {
  return f.reduceMean(f.emitOne("BlockedGlobalAveragePool", [x]), { axes: [0, 2, 3] });
}

export function channelSum(x: Tensor): Tensor {
  return f.mul(channelMean(x), sizeOf(x.shape) / x.shape[1]!);
}

/** Σ a · b: every channel of every sample of `a` is convolved with that of `b`, which is as large, in one pass over both. */
export function channelDot(a: Tensor, b: Tensor): Tensor {
  const [batch, channels, ...sizes] = a.shape as [number, number, number, number];
  const group = batch * channels;
  const products = f.emitOne("BlockedConv", [f.reshape(a, [1, group, ...sizes]), f.reshape(b, [group, 1, ...sizes])], {
    group,
  });
  return f.reduceSum(f.reshape(products, [batch, channels]), { axes: [0] });
}
