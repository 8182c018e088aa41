import { isFloat } from "../dtype.js";
import { GraphError } from "../errors.js";
import { flat, gradientOf, type InferContext, numberAttribute, type Operator, required } from "../operator.js";
import type { Tensor, TensorType } from "../tensor.js";
import * as f from "./build.js";
import { cosh, sinh } from "./build-math.js";
import { inferBinary, inferUnary, isNumber } from "./elementwise.js";

type Slope = (values: { readonly x: Tensor; readonly y: Tensor; readonly g: Tensor }) => Tensor;

function unary(name: string, slope: Slope): Operator {
  return {
    name,
    inputs: [1, 1],
    accepts: isFloat,
    infer: inferUnary,
    gradient: (context) => [slope({ x: context.inputs[0]!, y: context.outputs[0]!, g: gradientOf(context) })],
  };
}

/** Its result is constant between jumps. */
function rounding(name: string): Operator {
  return { name, inputs: [1, 1], accepts: isFloat, infer: inferUnary, gradient: flat };
}

/** sqrt(x² + c) */
const root = (x: Tensor, c: number) => f.sqrt(f.add(f.mul(x, x), c));
/** sqrt(1 - x²) */
const coroot = (x: Tensor) => f.sqrt(f.sub(1, f.mul(x, x)));

/** The quotient `t` is stepwise, so that x - t·b has slope 1 in x and -t in b. */
const mod: Operator = {
  name: "Mod",
  inputs: [2, 2],
  attributes: { fmod: "int" },
  accepts: isNumber,
  infer: (context) => {
    const types = inferBinary(context);
    if (isFloat(types[0]!.dtype) && numberAttribute(context.attributes, "fmod", 0) !== 1) {
      throw new GraphError("ATTRIBUTE_INVALID", "Mod of floats needs fmod=1", { fix: "Set fmod to 1." });
    }
    return types;
  },
  gradient: (context) => {
    const [x, b] = [context.inputs[0]!, context.inputs[1]!];
    const g = gradientOf(context);
    const quotient = () => f.div(f.sub(context.outputs[0]!, x), b);
    return [
      context.wants[0] ? f.sumTo(g, x.shape) : undefined,
      context.wants[1] ? f.sumTo(f.mul(g, quotient()), b.shape) : undefined,
    ];
  },
};

function inferShift(context: InferContext): readonly TensorType[] {
  const types = inferBinary(context);
  const { dtype } = types[0]!;
  const { direction } = context.attributes;
  if (!dtype.startsWith("uint")) throw new GraphError("DTYPE_MISMATCH", `${dtype} does not shift`, { value: dtype });
  if (direction !== "LEFT" && direction !== "RIGHT") {
    throw new GraphError("ATTRIBUTE_INVALID", "direction must be LEFT or RIGHT", { value: direction });
  }
  return types;
}

/** Tells which elements are special; the result is bool. */
function test(name: string, attributes: Operator["attributes"] = {}): Operator {
  return {
    name,
    inputs: [1, 1],
    attributes,
    accepts: isFloat,
    infer: (context) => [{ dtype: "bool", shape: required(context, 0).shape }],
    gradient: "its result is a truth value",
  };
}

/** Trigonometric and hyperbolic functions, rounding, remainders, shifts and tests. */
export const mathematics: readonly Operator[] = [
  unary("Tan", ({ g, y }) => f.mul(g, f.add(f.mul(y, y), 1))),
  unary("Sinh", ({ g, x }) => f.mul(g, cosh(x))),
  unary("Cosh", ({ g, x }) => f.mul(g, sinh(x))),
  unary("Asin", ({ g, x }) => f.div(g, coroot(x))),
  unary("Acos", ({ g, x }) => f.neg(f.div(g, coroot(x)))),
  unary("Atan", ({ g, x }) => f.div(g, f.add(f.mul(x, x), 1))),
  unary("Asinh", ({ g, x }) => f.div(g, root(x, 1))),
  unary("Acosh", ({ g, x }) => f.div(g, root(x, -1))),
  unary("Atanh", ({ g, x }) => f.div(g, f.sub(1, f.mul(x, x)))),
  rounding("Floor"),
  rounding("Ceil"),
  rounding("Round"),
  mod,
  {
    name: "BitShift",
    inputs: [2, 2],
    attributes: { direction: "string" },
    infer: inferShift,
    gradient: "it takes integers only",
  },
  test("IsNaN"),
  test("IsInf", { detect_negative: "int", detect_positive: "int" }),
];
