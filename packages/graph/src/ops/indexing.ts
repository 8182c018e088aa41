import { GraphError } from "../errors.js";
import { constantInts, gradientOf, type InferContext, numberAttribute, type Operator, required } from "../operator.js";
import { normalizeAxis, type Shape } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { placeAlong } from "./place.js";

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
    return isWhole ? partial : placeAlong(partial, positions, axis, shape[axis]!);
  }, g);
}

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

export const indexing: readonly Operator[] = [slice, oneHot];
