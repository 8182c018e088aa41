import type { DType } from "../dtype.js";
import type { Graph } from "../graph.js";
import { type Shape, sizeOf } from "../shape.js";
import type { Tensor } from "../tensor.js";
import * as f from "./build.js";

/** Zeros of any shape, filled when the graph runs, so that they take no room in its file. */
export function zerosOf(graph: Graph, dtype: DType, shape: Shape): Tensor {
  return f.expand(graph.scalar(0, dtype), shape);
}

/**
 * Puts the entries of `x` at the given positions of one axis into zeros: the reverse of taking them from there.
 * @param positions one for each entry of `x` along `axis`, each at most once
 * @param size length of the axis in the result
 */
export function placeAlong(x: Tensor, positions: readonly number[], axis: number, size: number): Tensor {
  const first = positions[0] ?? 0;
  if (positions.every((position, i) => position === first + i)) return padAlong(x, first, axis, size);
  const source = new Array<number>(size).fill(0);
  positions.forEach((position, i) => {
    source[position] = i + 1;
  });
  return f.gather(f.concat([zeroRows(x, 1, axis), x], axis), x.graph.ints(source), axis);
}

/**
 * Adds up rows that go to the same place, in zeros of `shape`, whose first axis `rows` count along (negative ones from its
 * end). ONNX Runtime adds repeated rows up correctly in ScatterElements; its ScatterND loses some of them when it runs on
 * several threads.
 */
export function addUpRows(g: Tensor, rows: Tensor, shape: Shape): Tensor {
  const [count, width] = [sizeOf(rows.shape), sizeOf(shape.slice(1))];
  const wide = f.expand(f.reshape(f.cast(rows, "int64"), [count, 1]), [count, width]);
  const zeros = zerosOf(g.graph, g.dtype, [shape[0]!, width]);
  const added = f.emitOne("ScatterElements", [zeros, wide, f.reshape(g, [count, width])], { reduction: "add" });
  return f.reshape(added, shape);
}

function padAlong(x: Tensor, before: number, axis: number, size: number): Tensor {
  const after = size - before - x.shape[axis]!;
  const parts = [before > 0 ? zeroRows(x, before, axis) : [], x, after > 0 ? zeroRows(x, after, axis) : []].flat();
  return parts.length === 1 ? x : f.concat(parts, axis);
}

function zeroRows(like: Tensor, count: number, axis: number): Tensor {
  const shape = like.shape.map((dim, i) => (i === axis ? count : dim));
  return zerosOf(like.graph, like.dtype, shape);
}
