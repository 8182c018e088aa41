import type { DType } from "../dtype.js";
import { GraphError } from "../errors.js";
import { constantInts, flat, type InferContext, numberAttribute, type Operator, required } from "../operator.js";
import { normalizeAxis, sizeOf } from "../shape.js";
import type { TensorType } from "../tensor.js";

const NO_VALUES = "its result does not depend on values of its input";

/** Numbers of an input that decides the output's shape: it must be known when the graph is built. */
function knownNumbers(context: InferContext, index: number): number[] {
  const tensor = required(context, index);
  if (tensor.source.kind === "constant") {
    return Array.from(tensor.source.data as ArrayLike<number | bigint>, Number);
  }
  throw new GraphError("NOT_CONSTANT", `the output's shape depends on the values of ${tensor.name}`, {
    value: tensor.name,
    fix: "Shapes are static: make it a constant, or compute this outside of the graph.",
  });
}

function slicedRank(context: InferContext): number {
  const rank = required(context, 0).shape.length;
  const clamp = (value: number) => Math.min(Math.max(value < 0 ? value + rank : value, 0), rank);
  const start = clamp(numberAttribute(context.attributes, "start", 0));
  return Math.max(0, clamp(numberAttribute(context.attributes, "end", rank)) - start);
}

function inferRange(context: InferContext): readonly TensorType[] {
  const { dtype } = required(context, 0);
  const [start, limit, delta] = [0, 1, 2].map((i) => knownNumbers(context, i)[0]!) as [number, number, number];
  const same = [1, 2].every((i) => required(context, i).dtype === dtype);
  if (!same) throw new GraphError("DTYPE_MISMATCH", "start, limit and delta must have one type");
  if (delta === 0) throw new GraphError("OPTION_INVALID", "delta must not be 0", { value: delta });
  return [{ dtype, shape: [Math.max(0, Math.ceil((limit - start) / delta))] }];
}

function inferNonZero(context: InferContext): readonly TensorType[] {
  const count = knownNumbers(context, 0).filter((value) => value !== 0).length;
  return [{ dtype: "int64", shape: [required(context, 0).shape.length, count] }];
}

/** Number of different elements, or of different slices along `axis`. */
function distinctCount(values: readonly number[], shape: readonly number[], axis: number | undefined): number {
  if (axis === undefined) return new Set(values).size;
  const inner = sizeOf(shape.slice(axis + 1));
  const size = shape[axis]!;
  const slices: number[][] = Array.from({ length: size }, () => []);
  values.forEach((value, i) => {
    slices[Math.floor(i / inner) % size]!.push(value);
  });
  return new Set(slices.map((slice) => slice.join())).size;
}

function inferUnique(context: InferContext): readonly TensorType[] {
  const { dtype, shape } = required(context, 0);
  const given = context.attributes.axis;
  const axis = typeof given === "number" ? normalizeAxis(given, shape.length) : undefined;
  const count = distinctCount(knownNumbers(context, 0), shape, axis);
  const kept = axis === undefined ? [count] : shape.map((dim, i) => (i === axis ? count : dim));
  const whole = axis === undefined ? sizeOf(shape) : shape[axis]!;
  return [
    { dtype, shape: kept },
    { dtype: "int64", shape: [count] },
    { dtype: "int64", shape: [whole] },
    { dtype: "int64", shape: [count] },
  ];
}

function inferEyeLike(context: InferContext): readonly TensorType[] {
  const { dtype, shape } = required(context, 0);
  if (shape.length !== 2) throw new GraphError("SHAPE_MISMATCH", "takes a matrix", { value: shape });
  return [{ dtype: (context.attributes.dtype as DType | undefined) ?? dtype, shape }];
}

/** Operators whose results follow from shapes or constants, which importing folds away where it can. */
export const generated: readonly Operator[] = [
  {
    name: "Shape",
    inputs: [1, 1],
    attributes: { start: "int", end: "int" },
    infer: (context) => [{ dtype: "int64", shape: [slicedRank(context)] }],
    gradient: NO_VALUES,
  },
  {
    name: "Size",
    inputs: [1, 1],
    infer: () => [{ dtype: "int64", shape: [] }],
    gradient: NO_VALUES,
  },
  // Without its attribute `value`: what is not zero in single precision is an Expand of a scalar.
  {
    name: "ConstantOfShape",
    inputs: [1, 1],
    infer: (context) => [{ dtype: "float32", shape: constantInts(context, 0)! }],
    gradient: NO_VALUES,
  },
  { name: "Range", inputs: [3, 3], infer: inferRange, gradient: "it counts in constant steps" },
  { name: "NonZero", inputs: [1, 1], infer: inferNonZero, gradient: "positions have no gradient" },
  {
    name: "Unique",
    inputs: [1, 1],
    attributes: { axis: "int", sorted: "int" },
    infer: inferUnique,
    gradient: "its input is a constant",
  },
  {
    name: "EyeLike",
    inputs: [1, 1],
    attributes: { dtype: "dtype", k: "int" },
    infer: inferEyeLike,
    gradient: flat,
  },
];
