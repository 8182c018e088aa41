import { GraphError } from "../errors.js";
import { broadcastShapes, normalizeAxis, type Shape, sizeOf } from "../shape.js";
import { type Call, numberOf, numbersOf } from "./call.js";
import type { KnownValue } from "./data-types.js";
import { broadcastReader, type FoldRule, fill, type Numbers, stridesOf } from "./fold-rule.js";

const int64 = (shape: Shape, data: readonly number[]): Numbers => ({ dtype: "int64", shape, data });

/** Operators that re-read the same numbers: the table's shape rule tells the shape. */
const relabel: FoldRule = ({ call, values: [x] }) => {
  const operator = call.graph.operators.get(call.op);
  if (!x || !operator) return undefined;
  const attributes = Object.fromEntries(
    Object.entries(call.attributes).flatMap(([name, value]) => (typeof value === "number" ? [[name, value]] : [])),
  );
  const [type] = operator.infer({ inputs: call.inputs, attributes });
  return type && [{ ...x, shape: type.shape }];
};

const shape: FoldRule = ({ call, values: [x] }) => {
  if (!x) return undefined;
  const rank = x.shape.length;
  const bound = (value: number) => Math.min(Math.max(value < 0 ? value + rank : value, 0), rank);
  const dims = x.shape.slice(bound(numberOf(call, "start", 0)), bound(numberOf(call, "end", rank)));
  return [int64([dims.length], dims)];
};

function tensorAttribute(call: Call, name: string): KnownValue | undefined {
  const value = call.attributes[name];
  return typeof value === "object" && "dtype" in value ? value : undefined;
}

const constantOfShape: FoldRule = ({ call, values: [dims], limit }) => {
  if (!dims || dims.data.some((dim) => dim < 0) || sizeOf(dims.data) > limit) return undefined;
  const value = tensorAttribute(call, "value");
  return [
    {
      dtype: value?.dtype ?? "float32",
      shape: dims.data,
      data: new Array(sizeOf(dims.data)).fill(Number(value?.data[0] ?? 0)),
    },
  ];
};

const range: FoldRule = ({ values: [start, limit, delta], limit: most }) => {
  const [first, end, step] = [start?.data[0], limit?.data[0], delta?.data[0]];
  if (!start || first === undefined || end === undefined || !step) return undefined;
  const length = Math.max(0, Math.ceil((end - first) / step));
  if (!(length <= most)) return undefined;
  return [{ dtype: start.dtype, shape: [length], data: Array.from({ length }, (_, i) => first + i * step) }];
};

const concat: FoldRule = ({ call, values }) => {
  const parts = values.filter((part) => part !== undefined);
  const first = parts[0];
  if (!first || parts.some((part) => part.shape.length !== first.shape.length)) return undefined;
  const axis = normalizeAxis(numberOf(call, "axis", 0), first.shape.length);
  const total = parts.reduce((sum, part) => sum + part.shape[axis]!, 0);
  const outer = sizeOf(first.shape.slice(0, axis));
  const data = Array.from({ length: outer }, (_, row) =>
    parts.flatMap((part) => {
      const block = part.data.length / outer;
      return part.data.slice(row * block, (row + 1) * block);
    }),
  );
  return [{ dtype: first.dtype, shape: first.shape.map((dim, i) => (i === axis ? total : dim)), data: data.flat() }];
};

/** Keeps the given positions of one axis. */
function pick(x: Numbers, axis: number, positions: readonly number[]): Numbers {
  const strides = stridesOf(x.shape);
  const dims = x.shape.map((dim, i) => (i === axis ? positions.length : dim));
  const at = (index: readonly number[]) =>
    x.data[strides.reduce((sum, stride, i) => sum + stride * (i === axis ? positions[index[i]!]! : index[i]!), 0)]!;
  return { dtype: x.dtype, shape: dims, data: fill(dims, at) };
}

const gather: FoldRule = ({ call, values: [x, indices], limit }) => {
  if (!x || !indices) return undefined;
  const axis = normalizeAxis(numberOf(call, "axis", 0), x.shape.length);
  const size = x.shape[axis]!;
  const positions = indices.data.map((index) => (index < 0 ? index + size : index));
  if (positions.some((position) => position < 0 || position >= size)) {
    throw new GraphError("MODEL_INVALID", `Gather reads outside of axis ${axis} of size ${size}`, { value: positions });
  }
  if ((sizeOf(x.shape) / size) * positions.length > limit) return undefined;
  const picked = pick(x, axis, positions);
  return [{ ...picked, shape: [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)] }];
};

const slice: FoldRule = ({ values: [x, starts, ends, axes, steps] }) => {
  if (!x || !starts || !ends || steps?.data.includes(0)) return undefined;
  // The operator itself refuses lists of different lengths.
  if ([ends, axes, steps].some((list) => list && list.data.length !== starts.data.length)) return undefined;
  return [
    starts.data.reduce((value, from, i) => {
      const axis = normalizeAxis(axes?.data[i] ?? i, x.shape.length);
      return pick(value, axis, slicePositions(from, ends.data[i]!, steps?.data[i] ?? 1, value.shape[axis]!));
    }, x),
  ];
};

function slicePositions(from: number, to: number, step: number, size: number): number[] {
  const high = step > 0 ? size : size - 1;
  const clamp = (value: number, low: number) => Math.min(Math.max(value < 0 ? value + size : value, low), high);
  const [first, end] = [clamp(from, 0), clamp(to, step > 0 ? 0 : -1)];
  return Array.from({ length: Math.max(0, Math.ceil((end - first) / step)) }, (_, i) => first + i * step);
}

const transpose: FoldRule = ({ call, values: [x] }) => {
  if (!x) return undefined;
  const perm = numbersOf(call, "perm") ?? x.shape.map((_, i) => x.shape.length - 1 - i);
  if (perm.length !== x.shape.length || perm.some((axis) => x.shape[axis] === undefined)) return undefined;
  const strides = stridesOf(x.shape);
  const dims = perm.map((axis) => x.shape[axis]!);
  const at = (index: readonly number[]) => x.data[perm.reduce((sum, axis, i) => sum + strides[axis]! * index[i]!, 0)]!;
  return [{ dtype: x.dtype, shape: dims, data: fill(dims, at) }];
};

const expand: FoldRule = ({ values: [x, target], limit }) => {
  if (!x || !target) return undefined;
  const dims = broadcastShapes(x.shape, target.data);
  if (!(sizeOf(dims) <= limit)) return undefined;
  return [{ dtype: x.dtype, shape: dims, data: fill(dims, broadcastReader(x, dims.length)) }];
};

const tile: FoldRule = ({ values: [x, repeats], limit }) => {
  if (!x || repeats?.data.length !== x.shape.length || repeats.data.some((count) => count < 0)) return undefined;
  const dims = x.shape.map((dim, i) => dim * repeats.data[i]!);
  if (!(sizeOf(dims) <= limit)) return undefined;
  const strides = stridesOf(x.shape);
  const at = (index: readonly number[]) =>
    x.data[strides.reduce((sum, stride, i) => sum + stride * (index[i]! % x.shape[i]!), 0)]!;
  return [{ dtype: x.dtype, shape: dims, data: fill(dims, at) }];
};

const split: FoldRule = ({ call, values: [x, sizes] }) => {
  if (!x || !sizes) return undefined;
  const axis = normalizeAxis(numberOf(call, "axis", 0), x.shape.length);
  if (sizes.data.some((size) => size < 0) || sizes.data.reduce((a, b) => a + b, 0) !== x.shape[axis]) return undefined;
  let start = 0;
  return sizes.data.map((length) => {
    const from = start;
    start += length;
    return pick(
      x,
      axis,
      Array.from({ length }, (_, i) => from + i),
    );
  });
};

const constant: FoldRule = ({ call: { attributes } }) => {
  const [[name, value] = ["", undefined]] = Object.entries(attributes);
  if (typeof value === "number")
    return [{ dtype: name === "value_int" ? "int64" : "float32", shape: [], data: [value] }];
  if (name === "value_ints" || name === "value_floats") {
    const data = value as readonly number[];
    return [{ dtype: name === "value_ints" ? "int64" : "float32", shape: [data.length], data }];
  }
  return undefined;
};

/** Keeps one triangle of the last two axes. */
const triangle: FoldRule = ({ call, values: [x, k] }) => {
  if (!x || x.shape.length < 2) return undefined;
  const [upper, offset] = [numberOf(call, "upper", 1) === 1, k?.data[0] ?? 0];
  let next = 0;
  const keep = (index: readonly number[]) => {
    const distance = index.at(-1)! - index.at(-2)!;
    const value = x.data[next++]!;
    return (upper ? distance >= offset : distance <= offset) ? value : 0;
  };
  return [{ ...x, data: fill(x.shape, keep) }];
};

/** Operators that move numbers around or make them. */
export const layout: Readonly<Record<string, FoldRule>> = {
  Reshape: relabel,
  Squeeze: relabel,
  Unsqueeze: relabel,
  Flatten: relabel,
  Shape: shape,
  Size: ({ values: [x] }) => x && [int64([], [sizeOf(x.shape)])],
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Range: range,
  Concat: concat,
  Gather: gather,
  Slice: slice,
  Split: split,
  Transpose: transpose,
  Expand: expand,
  Tile: tile,
  Trilu: triangle,
};
