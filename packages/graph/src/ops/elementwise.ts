import { isFloat } from "../dtype.js";
import { GraphError } from "../errors.js";
import { type GradientContext, gradientOf, type InferContext, type Operator, required } from "../operator.js";
import { broadcastShapes } from "../shape.js";
import type { Tensor, TensorType } from "../tensor.js";
import * as f from "./build.js";

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

function unary(name: string, gradient: string | ((values: UnaryValues) => Tensor)): Operator {
  return {
    name,
    inputs: [1, 1],
    infer: inferUnary,
    gradient:
      typeof gradient === "string"
        ? gradient
        : (context) => [gradient({ x: context.inputs[0]!, y: context.outputs[0]!, g: gradientOf(context) })],
  };
}

interface BinaryValues extends UnaryValues {
  readonly b: Tensor;
}

type Partial = (values: BinaryValues) => Tensor;

function binary(name: string, ...partials: readonly [Partial, Partial]): Operator {
  return { name, inputs: [2, 2], infer: inferBinary, gradient: (context) => binaryGradients(context, partials) };
}

function binaryGradients(context: GradientContext, partials: readonly Partial[]): (Tensor | undefined)[] {
  const [x, b] = [context.inputs[0]!, context.inputs[1]!];
  const values = { x, b, y: context.outputs[0]!, g: gradientOf(context) };
  return partials.map((partial, i) =>
    context.wants[i] ? f.sumTo(partial(values), context.inputs[i]!.shape) : undefined,
  );
}

/** 1 where `condition` holds, else 0. */
function indicator(condition: Tensor, like: Tensor): Tensor {
  return f.cast(condition, like.dtype);
}

const clip: Operator = {
  name: "Clip",
  inputs: [1, 3],
  infer: inferUnary,
  gradient: (context) => {
    const x = context.inputs[0]!;
    const [low, high] = [context.node.inputs[1], context.node.inputs[2]];
    const inside = [...(low ? [f.not(f.less(x, low))] : []), ...(high ? [f.not(f.greater(x, high))] : [])];
    const g = gradientOf(context);
    return [inside.length === 0 ? g : f.mul(g, indicator(inside.reduce(f.and), x))];
  },
};

const cast: Operator = {
  name: "Cast",
  inputs: [1, 1],
  attributes: { to: "dtype" },
  infer: (context) => [{ dtype: context.attributes.to as TensorType["dtype"], shape: required(context, 0).shape }],
  gradient: (context) => {
    const x = context.inputs[0]!;
    return [isFloat(x.dtype) ? f.cast(gradientOf(context), x.dtype) : undefined];
  },
};

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
  binary(
    "Mul",
    ({ g, b }) => f.mul(g, b),
    ({ g, x }) => f.mul(g, x),
  ),
  binary(
    "Div",
    ({ g, b }) => f.div(g, b),
    ({ g, y, b }) => f.neg(f.div(f.mul(g, y), b)),
  ),
  binary(
    "Pow",
    ({ g, x, b }) => f.mul(g, f.mul(b, f.pow(x, f.sub(b, 1)))),
    ({ g, x, y }) => f.mul(g, f.mul(y, f.log(x))),
  ),
  unary("Identity", ({ g }) => g),
  unary("Neg", ({ g }) => f.neg(g)),
  unary("Abs", ({ g, x }) => f.mul(g, f.sign(x))),
  unary("Sign", "Sign is flat almost everywhere"),
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
