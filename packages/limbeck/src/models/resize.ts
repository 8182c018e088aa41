import { ops, type Tensor } from "@limbeck/graph";

/** Weights of each place of `from` in each of `to`: a triangle as wide as a step, so that nothing is skipped when shrinking. */
function triangles(from: number, to: number): Float32Array {
  const step = from / to;
  const reach = Math.max(1, step);
  const matrix = new Float32Array(from * to);
  for (let i = 0; i < to; i++) {
    const center = (i + 0.5) * step;
    const column = Array.from({ length: from }, (_, j) => Math.max(0, 1 - Math.abs(j + 0.5 - center) / reach));
    const sum = column.reduce((a, b) => a + b, 0);
    for (const [j, weight] of column.entries()) matrix[j * to + i] = weight / sum;
  }
  return matrix;
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
  return resample(x, height, width, triangles);
}
