import { GraphError } from "../errors.js";
import type { Graph } from "../graph.js";
import { normalizeAxis, type Shape } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { emitOne, expand } from "./build.js";

/**
 * Cuts `x` along an axis.
 * @param parts the number of equal parts, or the size of each
 * @throws GraphError SHAPE_MISMATCH if the parts do not make up the axis
 */
export function split(x: Tensor, parts: number | readonly number[], axis = 0): Tensor[] {
  const size = x.shape[normalizeAxis(axis, x.shape.length)]!;
  const sizes = typeof parts === "number" ? new Array<number>(parts).fill(size / parts) : parts;
  if (!sizes.every(Number.isInteger)) {
    throw new GraphError("SHAPE_MISMATCH", `${size} elements do not make ${parts} equal parts`, { value: parts });
  }
  return x.graph.emit("Split", [x, x.graph.ints(sizes)], { axis });
}

/** Repeats `x` along each axis, one count for each. */
export const tile = (x: Tensor, repeats: readonly number[]): Tensor => emitOne("Tile", [x, x.graph.ints(repeats)]);

/** PyTorch's `gather`: one index along `axis` for each element of the result. */
export function gatherElements(x: Tensor, indices: Tensor, axis = 0): Tensor {
  return emitOne("GatherElements", [x, indices], { axis });
}

/** Takes what int64 `indices` [..., depth] point to in the leading axes of `x`, behind `batchDims` shared ones. */
export function gatherND(x: Tensor, indices: Tensor, batchDims = 0): Tensor {
  return emitOne("GatherND", [x, indices], { batch_dims: batchDims });
}

/**
 * What happens to the values that updates meet. Default "none": they are overwritten, each at most once. With "add", use
 * scatterElements where places repeat: ONNX Runtime's ScatterND loses some of them when it runs on several threads.
 */
export type ScatterReduction = "none" | "add";

export function scatterElements(
  data: Tensor,
  indices: Tensor,
  updates: Tensor,
  axis = 0,
  reduction: ScatterReduction = "none",
): Tensor {
  return emitOne("ScatterElements", [data, indices, updates], { axis, reduction });
}

export function scatterND(
  data: Tensor,
  indices: Tensor,
  updates: Tensor,
  reduction: ScatterReduction = "none",
): Tensor {
  return emitOne("ScatterND", [data, indices, updates], { reduction });
}

/** The `k` largest values along an axis, in descending order (or the smallest, ascending), and their int64 positions. */
export function topK(x: Tensor, k: number, axis = -1, largest = true): { values: Tensor; indices: Tensor } {
  const [values, indices] = x.graph.emit("TopK", [x, x.graph.ints([k])], { axis, largest: largest ? 1 : 0 });
  return { values: values!, indices: indices! };
}

/** Position of the largest value along an axis, int64; of equal ones the first. The axis is dropped. */
export const argMax = (x: Tensor, axis = -1): Tensor => emitOne("ArgMax", [x], { axis, keepdims: 0 });
/** Position of the smallest value along an axis, int64; of equal ones the first. The axis is dropped. */
export const argMin = (x: Tensor, axis = -1): Tensor => emitOne("ArgMin", [x], { axis, keepdims: 0 });

/** Options of a running sum. */
export interface CumSumOptions {
  /** Leaves an element out of its own sum. Default `false`. */
  readonly exclusive?: boolean;
  /** Sums from the end. Default `false`. */
  readonly reverse?: boolean;
}

export function cumSum(x: Tensor, axis: number, options: CumSumOptions = {}): Tensor {
  const attributes = { exclusive: options.exclusive ? 1 : 0, reverse: options.reverse ? 1 : 0 };
  return emitOne("CumSum", [x, x.graph.scalar(axis, "int64")], attributes);
}

/** The upper triangle from diagonal `k` on, zeros below. */
export const triu = (x: Tensor, k = 0): Tensor => emitOne("Trilu", [x, x.graph.scalar(k, "int64")], { upper: 1 });
/** The lower triangle up to diagonal `k`, zeros above. */
export const tril = (x: Tensor, k = 0): Tensor => emitOne("Trilu", [x, x.graph.scalar(k, "int64")], { upper: 0 });

/** Einstein's summation, such as `einsum("bij,bjk->bik", a, b)`. */
export const einsum = (equation: string, ...operands: readonly Tensor[]): Tensor =>
  emitOne("Einsum", operands, { equation });

/** A shape filled with one float32 number. */
export const full = (graph: Graph, shape: Shape, value: number): Tensor => expand(graph.scalar(value), shape);
