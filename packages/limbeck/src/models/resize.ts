import { ops, type Tensor } from "@limbeck/graph";

/** Weights of each place of `from` in each of `to`: a kernel as wide as a step, so that nothing is skipped when shrinking. */
function spread(from: number, to: number, kernel: (distance: number) => number): Float32Array {
  const step = from / to;
  const unit = Math.max(1, step);
  const matrix = new Float32Array(from * to);
  for (let i = 0; i < to; i++) {
    const center = (i + 0.5) * step;
    const column = Array.from({ length: from }, (_, j) => kernel(Math.abs(j + 0.5 - center) / unit));
    const sum = column.reduce((a, b) => a + b, 0);
    for (const [j, weight] of column.entries()) matrix[j * to + i] = weight / sum;
  }
  return matrix;
}

const triangle = (distance: number) => Math.max(0, 1 - distance);

/** Keys 1981 with a = -0.5, as Pillow's. */
function cubic(t: number): number {
  if (t < 1) return (1.5 * t - 2.5) * t * t + 1;
  return t < 2 ? ((-0.5 * t + 2.5) * t - 4) * t + 2 : 0;
}

/** Weights of each element of an axis in each of the new axis: [from, to]. */
type AxisWeights = (from: number, to: number) => Float32Array;

/** Both axes of maps [N, C, H, W] as sums of the old elements. */
export function resample(x: Tensor, height: number, width: number, weightsOf: AxisWeights): Tensor {
  const [, , fromHeight, fromWidth] = x.shape as [number, number, number, number];
  const matrix = (from: number, to: number) => x.graph.constant(x.dtype, [from, to], weightsOf(from, to));
  const wide = fromWidth === width ? x : ops.matmul(x, matrix(fromWidth, width));
  return fromHeight === height ? wide : ops.swapLast(ops.matmul(ops.swapLast(wide), matrix(fromHeight, height)));
}

/** Bilinear resizing, smoothed where images shrink: torch's `interpolate(antialias=True)`. @param x [N, C, H, W] */
export function resizeBilinear(x: Tensor, height: number, width: number): Tensor {
  return resample(x, height, width, (from, to) => spread(from, to, triangle));
}

/** Bicubic resizing, smoothed where images shrink: torch's `interpolate(mode="bicubic", antialias=True)`. @param x [N, C, H, W] */
export function resizeBicubic(x: Tensor, height: number, width: number): Tensor {
  return resample(x, height, width, (from, to) => spread(from, to, cubic));
}
