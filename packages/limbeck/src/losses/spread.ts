import { ops, type Tensor } from "@limbeck/graph";

/** Adds up to less than what single precision can tell from rounding. */
const NO_SPREAD = 1e-10;

/** x without its mean along an axis. */
export function centered(x: Tensor, axis: number): Tensor {
  return ops.sub(x, ops.reduceMean(x, { axes: [axis], keepdims: true }));
}

/**
 * Root of a sum or mean of squares to divide by. Where there is no spread (below 1e-5) it is 1: nothing is divided by
 * nearly zero, and a student whose last layer starts with zeros gets gradients of ordinary size.
 */
export function spreadOf(square: Tensor): Tensor {
  const { graph, dtype } = square;
  return ops.sqrt(ops.where(ops.less(square, NO_SPREAD), graph.scalar(1, dtype), square));
}
