import { GraphError } from "../errors.js";
import {
  constantInts,
  type GradientContext,
  gradientOf,
  type InferContext,
  numberAttribute,
  type Operator,
  required,
} from "../operator.js";
import { normalizeAxis, type Shape, sizeOf } from "../shape.js";
import type { Tensor, TensorType } from "../tensor.js";
import * as f from "./build.js";

interface SliceRange {
  readonly start: number;
  readonly step: number;
  readonly length: number;
}

/** Start, step and length along each axis, by ONNX's clamping rules. */
function sliceRanges(context: InferContext): SliceRange[] {
  const { shape } = required(context, 0);
  const [starts, ends] = [constantInts(context, 1) ?? [], constantInts(context, 2) ?? []];
  const axes = constantInts(context, 3) ?? starts.map((_, i) => i);
  const steps = constantInts(context, 4) ?? starts.map(() => 1);
  if (new Set([starts, ends, axes, steps].map((list) => list.length)).size !== 1) {
    throw new GraphError("SHAPE_MISMATCH", "starts, ends, axes and steps differ in length", { value: starts });
  }
  const ranges: SliceRange[] = shape.map((dim) => ({ start: 0, step: 1, length: dim }));
  axes.forEach((axis, i) => {
    const k = normalizeAxis(axis, shape.length);
    ranges[k] = clampRange(starts[i]!, ends[i]!, steps[i]!, shape[k]!);
  });
  return ranges;
}

function clampRange(start: number, end: number, step: number, dim: number): SliceRange {
  if (step === 0) throw new GraphError("ATTRIBUTE_INVALID", "a step must not be 0", { value: step });
  const clamp = (value: number, low: number, high: number) => {
    return Math.min(Math.max(value < 0 ? value + dim : value, low), high);
  };
  const first = step > 0 ? clamp(start, 0, dim) : clamp(start, 0, dim - 1);
  const last = step > 0 ? clamp(end, 0, dim) : clamp(end, -1, dim - 1);
  return { start: first, step, length: Math.max(0, Math.ceil((last - first) / step)) };
}

const slice: Operator = {
  name: "Slice",
  inputs: [3, 5],
  infer: (context) => [{ dtype: required(context, 0).dtype, shape: sliceRanges(context).map((range) => range.length) }],
  gradient: (context) => {
    const x = context.inputs[0]!;
    const ranges = sliceRanges(context.node);
    const rows = ranges.map(({ start, step, length }) => Array.from({ length }, (_, i) => start + i * step));
    return [scatterAxes(gradientOf(context), rows, x.shape)];
  },
};

/** Puts the entries of `g` at the given positions of each axis into zeros of `shape`. */
function scatterAxes(g: Tensor, rows: readonly (readonly number[])[], shape: Shape): Tensor {
  return rows.reduce((partial, positions, axis) => {
    const isWhole = positions.length === shape[axis] && positions.every((position, i) => position === i);
    return isWhole ? partial : scatterAxis(partial, positions, axis, shape[axis]!);
  }, g);
}

/** One axis: every position is hit at most once, so that a gather with a row of zeros in front does it. */
function scatterAxis(g: Tensor, positions: readonly number[], axis: number, size: number): Tensor {
  const source = new Array<number>(size).fill(0);
  positions.forEach((position, i) => {
    source[position] = i + 1;
  });
  const zeros = f.expand(
    g.graph.scalar(0, g.dtype),
    g.shape.map((dim, i) => (i === axis ? 1 : dim)),
  );
  return f.gather(f.concat([zeros, g], axis), g.graph.ints(source), axis);
}

function inferGather(context: InferContext): readonly TensorType[] {
  const [x, indices] = [required(context, 0), required(context, 1)];
  if (indices.dtype !== "int64" && indices.dtype !== "int32") {
    throw new GraphError("DTYPE_MISMATCH", `indices must be integers, not ${indices.dtype}`);
  }
  const axis = normalizeAxis(numberAttribute(context.attributes, "axis", 0), x.shape.length);
  return [{ dtype: x.dtype, shape: [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)] }];
}

/**
 * Rows may repeat, so that gradients are added up, with the gathered axis in front. ONNX Runtime adds repeated rows up
 * correctly in ScatterElements; its ScatterND loses some of them when it runs on several threads.
 */
function gatherGradient(context: GradientContext): (Tensor | undefined)[] {
  const [x, indices] = [context.inputs[0]!, context.inputs[1]!];
  const axis = normalizeAxis(numberAttribute(context.node.attributes, "axis", 0), x.shape.length);
  const count = sizeOf(indices.shape);
  const flat = f.reshape(gradientOf(context), [...x.shape.slice(0, axis), count, ...x.shape.slice(axis + 1)]);
  const front = [axis, ...x.shape.map((_, i) => i).filter((i) => i !== axis)];
  const back = front.map((_, i) => front.indexOf(i));
  const updates = axis === 0 ? flat : f.transpose(flat, front);
  const target = front.map((i) => x.shape[i]!);
  const width = sizeOf(target.slice(1));
  const zeros = f.expand(x.graph.scalar(0, x.dtype), [target[0]!, width]);
  const rows = f.expand(f.reshape(f.cast(indices, "int64"), [count, 1]), [count, width]);
  const added = f.emitOne("ScatterElements", [zeros, rows, f.reshape(updates, [count, width])], { reduction: "add" });
  const summed = f.reshape(added, target);
  return [axis === 0 ? summed : f.transpose(summed, back), undefined];
}

const scatterElements: Operator = {
  name: "ScatterElements",
  inputs: [3, 3],
  attributes: { axis: "int", reduction: "string" },
  infer: (context) => [{ dtype: required(context, 0).dtype, shape: required(context, 0).shape }],
  gradient: "only its use in the gradient of Gather is supported so far",
};

const oneHot: Operator = {
  name: "OneHot",
  inputs: [3, 3],
  attributes: { axis: "int" },
  infer: (context) => {
    const [indices, values] = [required(context, 0), required(context, 2)];
    const depth = constantInts(context, 1)?.[0];
    if (depth === undefined || depth < 1) throw new GraphError("ATTRIBUTE_INVALID", "depth must be positive");
    const axis = normalizeAxis(numberAttribute(context.attributes, "axis", -1), indices.shape.length + 1);
    return [{ dtype: values.dtype, shape: [...indices.shape.slice(0, axis), depth, ...indices.shape.slice(axis)] }];
  },
  gradient: "class numbers have no gradient",
};

export const indexing: readonly Operator[] = [
  slice,
  {
    name: "Gather",
    inputs: [2, 2],
    attributes: { axis: "int" },
    infer: inferGather,
    gradient: gatherGradient,
  },
  scatterElements,
  oneHot,
];
