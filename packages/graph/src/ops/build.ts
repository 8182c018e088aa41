import type { DType } from "../dtype.js";
import { GraphError } from "../errors.js";
import type { Graph } from "../graph.js";
import { normalizeAxes, reducedShape, type Shape, sameShape, sizeOf } from "../shape.js";
import type { Attributes, Tensor } from "../tensor.js";

/**
 * Functions that add one node each, or a few: the vocabulary in which models, losses, gradient rules and optimizers are
 * written. Numbers stand for scalar constants of the other operand's type.
 */
export type Operand = Tensor | number;

export function emitOne(op: string, inputs: readonly (Tensor | undefined)[], attributes: Attributes = {}): Tensor {
  const graph = inputs[0]?.graph;
  if (!graph) throw new GraphError("INPUT_COUNT", `${op} needs a first input`);
  return graph.emit(op, inputs, attributes)[0]!;
}

function binary(op: string, a: Operand, b: Operand): Tensor {
  if (typeof a !== "number") return emitOne(op, [a, typeof b === "number" ? a.graph.scalar(b, a.dtype) : b]);
  if (typeof b === "number") throw new GraphError("INPUT_COUNT", `${op} of two numbers needs no graph`);
  return emitOne(op, [b.graph.scalar(a, b.dtype), b]);
}

export const add = (a: Operand, b: Operand): Tensor => binary("Add", a, b);
export const sub = (a: Operand, b: Operand): Tensor => binary("Sub", a, b);
export const mul = (a: Operand, b: Operand): Tensor => binary("Mul", a, b);
export const div = (a: Operand, b: Operand): Tensor => binary("Div", a, b);
export const pow = (a: Operand, b: Operand): Tensor => binary("Pow", a, b);
export const maximum = (a: Operand, b: Operand): Tensor => binary("Max", a, b);
export const minimum = (a: Operand, b: Operand): Tensor => binary("Min", a, b);
export const equal = (a: Operand, b: Operand): Tensor => binary("Equal", a, b);
export const greater = (a: Operand, b: Operand): Tensor => binary("Greater", a, b);
export const less = (a: Operand, b: Operand): Tensor => binary("Less", a, b);

export const neg = (x: Tensor): Tensor => emitOne("Neg", [x]);
export const abs = (x: Tensor): Tensor => emitOne("Abs", [x]);
export const sign = (x: Tensor): Tensor => emitOne("Sign", [x]);
export const exp = (x: Tensor): Tensor => emitOne("Exp", [x]);
export const log = (x: Tensor): Tensor => emitOne("Log", [x]);
export const sqrt = (x: Tensor): Tensor => emitOne("Sqrt", [x]);
export const sin = (x: Tensor): Tensor => emitOne("Sin", [x]);
export const cos = (x: Tensor): Tensor => emitOne("Cos", [x]);
export const identity = (x: Tensor): Tensor => emitOne("Identity", [x]);
export const relu = (x: Tensor): Tensor => emitOne("Relu", [x]);
export const sigmoid = (x: Tensor): Tensor => emitOne("Sigmoid", [x]);
export const tanh = (x: Tensor): Tensor => emitOne("Tanh", [x]);
export const softmax = (x: Tensor, axis = -1): Tensor => emitOne("Softmax", [x], { axis });
export const logSoftmax = (x: Tensor, axis = -1): Tensor => emitOne("LogSoftmax", [x], { axis });

export const and = (a: Tensor, b: Tensor): Tensor => emitOne("And", [a, b]);
export const not = (x: Tensor): Tensor => emitOne("Not", [x]);
export const where = (condition: Tensor, a: Tensor, b: Tensor): Tensor => emitOne("Where", [condition, a, b]);

/** Limits values to [low, high]; either bound may be left out. */
export function clip(x: Tensor, low?: number, high?: number): Tensor {
  const bound = (value: number | undefined) => (value === undefined ? undefined : x.graph.scalar(value, x.dtype));
  return emitOne("Clip", [x, bound(low), bound(high)]);
}

/** Converts the element type; a tensor that has it already is returned as it is. */
export function cast(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : emitOne("Cast", [x], { to: dtype });
}

/** The same values, through which no gradient flows. */
export function detach(x: Tensor): Tensor {
  return x.graph.emit("Identity", [x], {}, { detached: true })[0]!;
}

export function reshape(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  return emitOne("Reshape", [x, x.graph.ints(shape)], shape.includes(0) ? { allowzero: 1 } : {});
}

export const flatten = (x: Tensor, axis = 1): Tensor => emitOne("Flatten", [x], { axis });

/** Permutes dimensions; without `perm`, reverses them. */
export function transpose(x: Tensor, perm?: readonly number[]): Tensor {
  return emitOne("Transpose", [x], { perm: perm ?? x.shape.map((_, i) => x.shape.length - 1 - i) });
}

/** Swaps the last two dimensions. */
export function swapLast(x: Tensor): Tensor {
  const rank = x.shape.length;
  const axes = x.shape.map((_, i) => i);
  return transpose(x, [...axes.slice(0, rank - 2), rank - 1, rank - 2]);
}

export function expand(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : emitOne("Expand", [x, x.graph.ints(shape)]);
}

export const squeeze = (x: Tensor, axes: readonly number[]): Tensor => emitOne("Squeeze", [x, x.graph.ints(axes)]);
export const unsqueeze = (x: Tensor, axes: readonly number[]): Tensor => emitOne("Unsqueeze", [x, x.graph.ints(axes)]);
export const concat = (parts: readonly Tensor[], axis: number): Tensor => emitOne("Concat", parts, { axis });
export const gather = (x: Tensor, indices: Tensor, axis = 0): Tensor => emitOne("Gather", [x, indices], { axis });

/** Takes `starts … ends` (exclusive) along each of `axes`. */
export function slice(
  x: Tensor,
  starts: readonly number[],
  ends: readonly number[],
  axes: readonly number[],
  steps?: readonly number[],
): Tensor {
  const { graph } = x;
  return emitOne("Slice", [x, graph.ints(starts), graph.ints(ends), graph.ints(axes), steps && graph.ints(steps)]);
}

/** Options of a reduction. */
export interface ReduceOptions {
  /** All axes by default, and where the list is empty, as in ONNX and PyTorch. */
  readonly axes?: readonly number[];
  /** Keeps reduced axes with size 1. Default `false`, as in PyTorch. */
  readonly keepdims?: boolean;
}

export function reduceSum(x: Tensor, options: ReduceOptions = {}): Tensor {
  const axes = options.axes && x.graph.ints(options.axes);
  return emitOne("ReduceSum", axes ? [x, axes] : [x], { keepdims: options.keepdims ? 1 : 0 });
}

function reduceByAttribute(op: string, x: Tensor, options: ReduceOptions): Tensor {
  const keepdims = options.keepdims ? 1 : 0;
  return emitOne(op, [x], options.axes ? { axes: options.axes, keepdims } : { keepdims });
}

export const reduceMean = (x: Tensor, options: ReduceOptions = {}): Tensor =>
  reduceByAttribute("ReduceMean", x, options);
export const reduceMax = (x: Tensor, options: ReduceOptions = {}): Tensor => reduceByAttribute("ReduceMax", x, options);
export const reduceLogSumExp = (x: Tensor, options: ReduceOptions = {}): Tensor =>
  reduceByAttribute("ReduceLogSumExp", x, options);
export const reduceL2 = (x: Tensor, options: ReduceOptions = {}): Tensor => reduceByAttribute("ReduceL2", x, options);

export const matmul = (a: Tensor, b: Tensor): Tensor => emitOne("MatMul", [a, b]);

/** Attributes of Gemm: `alpha · A' · B' + beta · C`. */
export interface GemmOptions {
  readonly alpha?: number;
  readonly beta?: number;
  readonly transA?: 0 | 1;
  readonly transB?: 0 | 1;
}

export function gemm(a: Tensor, b: Tensor, c?: Tensor, options: GemmOptions = {}): Tensor {
  return emitOne("Gemm", c ? [a, b, c] : [a, b], { ...options });
}

/** PyTorch's `Linear`: `x · weightᵀ + bias`, weight [out, in], x [batch, in]. */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  return gemm(x, weight, bias, { transB: 1 });
}

/**
 * One-hot rows of class numbers: int64 [N] becomes `dtype` [N, depth]. As in ONNX, negative numbers count from the last
 * class and numbers outside the classes give a row of zeros. ONNX Runtime has it in single precision only.
 */
export function oneHot(labels: Tensor, depth: number, dtype: DType = "float32"): Tensor {
  const { graph } = labels;
  return emitOne("OneHot", [labels, graph.scalar(depth, "int64"), graph.constant(dtype, [2], [0, 1])], { axis: -1 });
}

/**
 * Inverted dropout: zeroes each element with probability `p` and scales the rest by 1 / (1 - p). The mask is drawn by the
 * runtime from the seed and the step's number, so that a resumed run repeats it. Use it in training graphs only.
 */
export function dropout(x: Tensor, p: number): Tensor {
  if (!(p >= 0 && p < 1)) throw new GraphError("OPTION_INVALID", `dropout must be in [0, 1), got ${p}`, { value: p });
  return p === 0 ? x : mul(x, x.graph.random(x.dtype, x.shape, { kind: "dropout-mask", keep: 1 - p }));
}

/**
 * Whole numbers 0 … `below` - 1, int32, all equally probable; the runtime draws them anew for each step from the seed and
 * the step's number, so that a resumed run repeats them. Use it in training graphs only.
 */
export function randomIntegers(graph: Graph, shape: Shape, below: number): Tensor {
  if (!(Number.isInteger(below) && below >= 1 && below <= 0x80000000)) {
    throw new GraphError("OPTION_INVALID", `random integers must be below 1 … 2^31, got ${below}`, { value: below });
  }
  return graph.random("int32", shape, { kind: "integers", below });
}

/** Sums a gradient over the axes along which its operand was broadcast. */
export function sumTo(gradient: Tensor, shape: Shape): Tensor {
  if (sameShape(gradient.shape, shape)) return gradient;
  const added = gradient.shape.length - shape.length;
  const axes = gradient.shape.flatMap((dim, i) => (i < added || (shape[i - added] === 1 && dim !== 1) ? [i] : []));
  return reshape(axes.length > 0 ? reduceSum(gradient, { axes }) : gradient, shape);
}

/** Puts reduced axes back with size 1. */
export function restoreAxes(x: Tensor, axes: readonly number[], original: Shape): Tensor {
  return reshape(x, reducedShape(original, normalizeAxes(axes, original.length), true));
}

/** Number of elements over which a reduction runs. */
export function reducedCount(shape: Shape, axes: readonly number[]): number {
  return sizeOf(axes.map((axis) => shape[axis]!));
}
