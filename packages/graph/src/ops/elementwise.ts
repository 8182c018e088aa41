import { type DType, isDType, isFloat } from "../dtype.js";
import { GraphError } from "../errors.js";
import {
  flat,
  type GradientContext,
  type GradientResult,
  gradientOf,
  type InferContext,
  type Operator,
  required,
} from "../operator.js";
import { broadcastShapes } from "../shape.js";
import type { Tensor, TensorType } from "../tensor.js";
import * as f from "./build.js";
import { geluGradient } from "./gelu.js";

/** Shape rule of operators that keep their input's type. */
export function inferUnary(context: InferContext): readonly TensorType[] {
  const { dtype, shape } = required(context, 0);
  return [{ dtype, shape }];
}

/** Shape rule of broadcasting operators whose operands share a type. */
export function inferBinary(context: InferContext): readonly TensorType[] {
  const [a, b] = [required(context, 0), required(context, 1)];
  if (a.dtype !== b.dtype) {
    throw new GraphError("DTYPE_MISMATCH", `${a.dtype} and ${b.dtype} do not mix`, {
      value: [a.dtype, b.dtype],
      fix: "Cast one of them.",
    });
  }
  return [{ dtype: a.dtype, shape: broadcastShapes(a.shape, b.shape) }];
}

interface UnaryValues {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly g: Tensor;
}

function unary(
  name: string,
  gradient: (values: UnaryValues) => Tensor,
  accepts: (dtype: DType) => boolean = isFloat,
): Operator {
  return {
    name,
    inputs: [1, 1],
    accepts,
    infer: inferUnary,
    gradient: (context) => [gradient({ x: context.inputs[0]!, y: context.outputs[0]!, g: gradientOf(context) })],
  };
}

export const isNumber = (dtype: DType): boolean => dtype !== "bool";
const isAny = () => true;

interface BinaryValues extends UnaryValues {
  readonly b: Tensor;
}

type Partial = (values: BinaryValues) => Tensor;

function binary(name: string, ...partials: readonly [Partial, Partial]): Operator {
  return {
    name,
    inputs: [2, 2],
    accepts: isNumber,
    infer: inferBinary,
    gradient: (context) => binaryGradients(context, partials),
  };
}

function binaryGradients(context: GradientContext, partials: readonly Partial[]): (Tensor | undefined)[] {
  const [x, b] = [context.inputs[0]!, context.inputs[1]!];
  const values = { x, b, y: context.outputs[0]!, g: gradientOf(context) };
  return partials.map((partial, i) =>
    context.wants[i] ? f.sumTo(partial(values), context.inputs[i]!.shape) : undefined,
  );
}

/** The gradient where x lies inside the bounds; at the bounds, those who moved it get the rest. */
function clipGradient(context: GradientContext): GradientResult[] {
  const [x, low, high] = context.node.inputs as readonly [Tensor, Tensor | undefined, Tensor | undefined];
  const g = gradientOf(context);
  const zero = g.graph.scalar(0, g.dtype);
  const below = low && f.less(x, low);
  const above = high && f.greater(x, high);
  const outside = [...(below ? [below] : []), ...(above ? [above] : [])];
  const inner = outside.reduce((rest, condition) => f.where(condition, zero, rest), g);
  const atBound = (condition: Tensor, bound: Tensor) => f.sumTo(f.where(condition, g, zero), bound.shape);
  return [
    inner,
    low && below && context.wants[1] ? atBound(below, low) : undefined,
    high && above && context.wants[2] ? atBound(above, high) : undefined,
  ];
}

const productPartials: readonly [Partial, Partial] = [({ g, b }) => f.mul(g, b), ({ g, x }) => f.mul(g, x)];

const mul: Operator = {
  ...binary("Mul", ...productPartials),
  gradient: (context) => geluGradient(context) ?? binaryGradients(context, productPartials),
};

const clip: Operator = { name: "Clip", inputs: [1, 3], infer: inferUnary, gradient: clipGradient };

const cast: Operator = {
  name: "Cast",
  inputs: [1, 1],
  attributes: { to: "dtype" },
  infer: (context) => {
    const { to } = context.attributes;
    if (!isDType(to)) throw new GraphError("DTYPE_MISMATCH", `cannot cast to ${String(to)}`, { value: to });
    return [{ dtype: to, shape: required(context, 0).shape }];
  },
  gradient: (context) => {
    const x = context.inputs[0]!;
    return [isFloat(x.dtype) ? f.cast(gradientOf(context), x.dtype) : undefined];
  },
};

/** The slope of x^b in x; common constant exponents need no power. */
function powerGradient({ g, x, b, y }: BinaryValues): Tensor {
  const exponent = b.source.kind === "constant" && b.source.data.length === 1 ? Number(b.source.data[0]) : undefined;
  if (exponent === 1) return g;
  if (exponent === 2) return f.mul(g, f.mul(x, 2));
  if (exponent === 0.5) return f.div(f.mul(g, 0.5), y);
  const slope = f.mul(g, f.mul(b, f.pow(x, f.sub(b, 1))));
  return f.where(f.equal(b, 0), g.graph.scalar(0, g.dtype), slope);
}

/** d erf(x) / dx = 2 / sqrt(pi) · exp(-x²) */
const ERF_SLOPE = 2 / Math.sqrt(Math.PI);

export const elementwise: readonly Operator[] = [
  binary(
    "Add",
    ({ g }) => g,
    ({ g }) => g,
  ),
  binary(
    "Sub",
    ({ g }) => g,
    ({ g }) => f.neg(g),
  ),
  mul,
  binary(
    "Div",
    ({ g, b }) => f.div(g, b),
    ({ g, y, b }) => f.neg(f.div(f.mul(g, y), b)),
  ),
  binary("Pow", powerGradient, ({ g, x, b, y }) => {
    const zero = g.graph.scalar(0, g.dtype);
    const slope = f.mul(g, f.mul(y, f.log(x)));
    return f.where(f.and(f.equal(x, 0), f.not(f.less(b, 0))), zero, slope);
  }),
  unary("Identity", ({ g }) => g, isAny),
  unary("Neg", ({ g }) => f.neg(g), isNumber),
  unary("Abs", ({ g, x }) => f.mul(g, f.sign(x)), isNumber),
  { name: "Sign", inputs: [1, 1], accepts: isNumber, infer: inferUnary, gradient: flat },
  unary("Exp", ({ g, y }) => f.mul(g, y)),
  unary("Log", ({ g, x }) => f.div(g, x)),
  unary("Sqrt", ({ g, y }) => f.div(f.mul(g, 0.5), y)),
  unary("Reciprocal", ({ g, y }) => f.neg(f.mul(g, f.mul(y, y)))),
  unary("Erf", ({ g, x }) => f.mul(g, f.mul(f.exp(f.neg(f.mul(x, x))), ERF_SLOPE))),
  unary("Sin", ({ g, x }) => f.mul(g, f.cos(x))),
  unary("Cos", ({ g, x }) => f.neg(f.mul(g, f.sin(x)))),
  clip,
  cast,
];
