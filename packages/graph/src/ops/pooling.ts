import { GraphError } from "../errors.js";
import {
  type GradientContext,
  gradientOf,
  type InferContext,
  numberAttribute,
  type Operator,
  required,
} from "../operator.js";
import { formatShape, type Shape, sizeOf } from "../shape.js";
import type { Tensor, TensorType } from "../tensor.js";
import * as f from "./build.js";
import { maxPool } from "./max-pool.js";
import { applyAll, type Matrix, sparseMatrix, transposed } from "./separable.js";
import { type WindowAxis, windowAxes, windowPositions } from "./window.js";

const WINDOW_ATTRIBUTES = { auto_pad: "string", kernel_shape: "ints", pads: "ints", strides: "ints" } as const;

function inferPool(context: InferContext): readonly TensorType[] {
  const { dtype, shape } = required(context, 0);
  const spatial = windowAxes(shape, context.attributes).map((axis) => axis.out);
  return [{ dtype, shape: [...shape.slice(0, 2), ...spatial] }];
}

/** The windows of one axis as rows: 1 where a window covers an element, divided by what `divisor` gives. */
function windowMatrix(axis: WindowAxis, divisor: (positions: readonly number[]) => number = () => 1): Matrix {
  const rows = Array.from({ length: axis.out }, (_, index) => {
    const positions = windowPositions(axis, index);
    const weight = 1 / divisor(positions);
    return positions.filter((p) => p >= 0 && p < axis.size).map((p) => [p, weight] as const);
  });
  return sparseMatrix(rows, axis.size);
}

/** Averages are sums along one axis after the other, and so is their divisor: the gradient is a product per axis. */
function averagePoolGradient(context: GradientContext): (Tensor | undefined)[] {
  const x = context.inputs[0]!;
  const g = gradientOf(context);
  const axes = windowAxes(x.shape, context.node.attributes);
  if (axes.every(isTiling)) return [spread(f.div(g, sizeOf(axes.map((axis) => axis.kernel))), axes)];
  const countsPadding = numberAttribute(context.node.attributes, "count_include_pad", 0) === 1;
  const matrices = axes.map((axis) => {
    // What ceil_mode adds behind the padding never counts.
    const [low, high] = countsPadding ? [-axis.begin, axis.size + axis.end] : [0, axis.size];
    return windowMatrix(axis, (positions) => positions.filter((p) => p >= low && p < high).length);
  });
  return [applyAll(g, 2, matrices.map(transposed))];
}

/** Whether the windows cover every element exactly once. */
function isTiling({ size, out, kernel, stride, begin, end }: WindowAxis): boolean {
  return stride === kernel && begin === 0 && end === 0 && out * kernel === size;
}

/** Repeats each element over its window; the windows tile the plane. */
function spread(g: Tensor, axes: readonly WindowAxis[]): Tensor {
  const outer = sizeOf(g.shape.slice(0, 2));
  const narrow = f.reshape(g, [outer, ...axes.flatMap((axis) => [axis.out, 1])]);
  const wide = f.expand(narrow, [outer, ...axes.flatMap((axis) => [axis.out, axis.kernel])]);
  return f.reshape(wide, [...g.shape.slice(0, 2), ...axes.map((axis) => axis.size)]);
}

function orderOf(context: InferContext): number {
  const p = numberAttribute(context.attributes, "p", 2);
  if (Number.isInteger(p) && p >= 1) return p;
  throw new GraphError("ATTRIBUTE_INVALID", `p must be a positive integer, got ${p}`, { value: p });
}

/** |x|^(p - 1) · sign(x) · spread(g · y^(1 - p)); a window of zeros has the gradient 0, where the slope is not defined. */
function normGradient(x: Tensor, y: Tensor, g: Tensor, p: number, spreadBack: (g: Tensor) => Tensor): Tensor {
  if (p === 1) return f.mul(f.sign(x), spreadBack(g));
  const zero = y.graph.scalar(0, y.dtype);
  const one = y.graph.scalar(1, y.dtype);
  const isPositive = f.greater(y, 0);
  const divisor = f.where(isPositive, y, one);
  const share = f.where(isPositive, f.div(g, p === 2 ? divisor : f.pow(divisor, p - 1)), zero);
  const slope = p === 2 ? x : f.mul(f.sign(x), f.pow(f.abs(x), p - 1));
  return f.mul(slope, spreadBack(share));
}

const lpPool: Operator = {
  name: "LpPool",
  inputs: [1, 1],
  attributes: { ...WINDOW_ATTRIBUTES, p: "int" },
  infer: (context) => {
    orderOf(context);
    return inferPool(context);
  },
  gradient: (context) => {
    const x = context.inputs[0]!;
    const matrices = windowAxes(x.shape, context.node.attributes).map((axis) => transposed(windowMatrix(axis)));
    const back = (g: Tensor) => applyAll(g, 2, matrices);
    return [normGradient(x, context.outputs[0]!, gradientOf(context), orderOf(context.node), back)];
  },
};

/** [N, C, ...spatial] becomes [N, C, 1, …]. */
function globalShape(shape: Shape): Shape {
  if (shape.length >= 3) return shape.map((dim, i) => (i < 2 ? dim : 1));
  throw new GraphError("SHAPE_MISMATCH", `takes [N, C, ...spatial], got ${formatShape(shape)}`, { value: shape });
}

interface GlobalValues {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly g: Tensor;
  readonly context: GradientContext;
}

function globalPool(
  name: string,
  gradient: (values: GlobalValues) => Tensor,
  attributes: Operator["attributes"] = {},
): Operator {
  return {
    name,
    inputs: [1, 1],
    attributes,
    infer: (context) => {
      const { dtype, shape } = required(context, 0);
      if (attributes.p) orderOf(context);
      return [{ dtype, shape: globalShape(shape) }];
    },
    gradient: (context) => [
      gradient({ x: context.inputs[0]!, y: context.outputs[0]!, g: gradientOf(context), context }),
    ],
  };
}

/** Ties share the gradient equally, as in PyTorch's `amax`. */
function globalMaxGradient({ x, y, g }: GlobalValues): Tensor {
  const hits = f.cast(f.equal(x, y), x.dtype);
  const axes = x.shape.map((_, i) => i).slice(2);
  return f.mul(hits, f.div(g, f.reduceSum(hits, { axes, keepdims: true })));
}

export const poolings: readonly Operator[] = [
  maxPool,
  {
    name: "AveragePool",
    inputs: [1, 1],
    attributes: { ...WINDOW_ATTRIBUTES, ceil_mode: "int", count_include_pad: "int" },
    infer: inferPool,
    gradient: averagePoolGradient,
  },
  lpPool,
  globalPool("GlobalAveragePool", ({ x, g }) => f.expand(f.div(g, sizeOf(x.shape.slice(2))), x.shape)),
  globalPool("GlobalMaxPool", globalMaxGradient),
  globalPool("GlobalLpPool", ({ x, y, g, context }) => normGradient(x, y, g, orderOf(context.node), (share) => share), {
    p: "int",
  }),
];
