import { ops, sizeOf, type Tensor } from "@limbeck/graph";
import { resample } from "../models/resize.js";
import { mismatch } from "./features.js";
import type { FeaturePair } from "./loss.js";

/** Positions and channels: [N, C, H, W] becomes [N, C, H·W]; tokens [N, L, D] become [N, D, L]; vectors [N, D] [N, D, 1]. */
export function channelsFirst(x: Tensor): Tensor {
  const [samples, channels] = x.shape as [number, number];
  if (x.shape.length === 3) return ops.swapLast(x);
  return ops.reshape(x, [samples, channels, sizeOf(x.shape.slice(2))]);
}

/** Averages of a side's window each, as PyTorch's adaptive pooling: [from, to]. */
function averages(from: number, to: number): Float32Array {
  const weights = new Float32Array(from * to);
  for (let i = 0; i < to; i++) {
    const [start, end] = [Math.floor((i * from) / to), Math.ceil(((i + 1) * from) / to)];
    for (let j = start; j < end; j++) weights[j * to + i] = 1 / (end - start);
  }
  return weights;
}

/** `torch.nn.functional.adaptive_avg_pool2d`, also where sizes do not divide. @param x [N, C, H, W] */
export function adaptiveAveragePool(x: Tensor, height: number, width: number): Tensor {
  return resample(x, height, width, averages);
}

/** Vectors [N, D] as maps of one place [N, D, 1, 1]; maps stay. */
export function asMaps(x: Tensor): Tensor {
  return x.shape.length === 2 ? ops.reshape(x, [...x.shape, 1, 1]) : x;
}

/** Pools two maps [N, C, H, W] to the smaller height and width; anything else stays as it is. */
export function toSmallerMaps(a: Tensor, b: Tensor): [Tensor, Tensor] {
  if (a.shape.length !== 4 || b.shape.length !== 4) return [a, b];
  const side = (axis: number) => Math.min(a.shape[axis]!, b.shape[axis]!);
  return [adaptiveAveragePool(a, side(2), side(3)), adaptiveAveragePool(b, side(2), side(3))];
}

/** A pair whose maps are pooled to the smaller size. @throws LimbeckError FEATURE_MISMATCH unless places then agree */
export function samePlaces({ student, teacher }: FeaturePair): FeaturePair {
  const [ours, theirs] = toSmallerMaps(student, teacher);
  const places = ({ shape }: Tensor) =>
    String(shape.length === 4 ? [shape[0], shape[2], shape[3]] : shape.slice(0, -1));
  if (places(ours) === places(theirs)) return { student: ours, teacher: theirs };
  throw mismatch({ student, teacher }, "features are compared place by place", "Tap layers of the same kind.");
}

/** Vectors at all places: [N, D], [N, L, D] and [N, C, H, W] become [places, features]. */
export function vectors(x: Tensor): Tensor {
  const channelsLast = x.shape.length === 4 ? ops.transpose(x, [0, 2, 3, 1]) : x;
  return ops.reshape(channelsLast, [-1, channelsLast.shape.at(-1)!]);
}
