import type { DType } from "../dtype.js";
import { GraphError } from "../errors.js";
import { gradientOf, type InferContext, type Operator, required } from "../operator.js";
import { broadcastShapes } from "../shape.js";
import type { TensorType } from "../tensor.js";
import * as f from "./build.js";
import { inferBinary } from "./elementwise.js";

function inferPredicate(context: InferContext): readonly TensorType[] {
  return [{ dtype: "bool", shape: inferBinary(context)[0]!.shape }];
}

function predicate(name: string, accepts?: Operator["accepts"]): Operator {
  const gradient = "its result is a truth value";
  return { name, inputs: [2, 2], infer: inferPredicate, gradient, ...(accepts ? { accepts } : {}) };
}

const isBool = (dtype: DType) => dtype === "bool";

function inferWhere(context: InferContext): readonly TensorType[] {
  const [condition, a, b] = [required(context, 0), required(context, 1), required(context, 2)];
  if (condition.dtype !== "bool")
    throw new GraphError("DTYPE_MISMATCH", `condition must be bool, not ${condition.dtype}`);
  if (a.dtype !== b.dtype) throw new GraphError("DTYPE_MISMATCH", `${a.dtype} and ${b.dtype} do not mix`);
  return [{ dtype: a.dtype, shape: broadcastShapes(condition.shape, broadcastShapes(a.shape, b.shape)) }];
}

const where: Operator = {
  name: "Where",
  inputs: [3, 3],
  infer: inferWhere,
  gradient: (context) => {
    const [condition, a, b] = [context.inputs[0]!, context.inputs[1]!, context.inputs[2]!];
    const g = gradientOf(context);
    const zero = g.graph.scalar(0, g.dtype);
    return [
      undefined,
      context.wants[1] ? f.sumTo(f.where(condition, g, zero), a.shape) : undefined,
      context.wants[2] ? f.sumTo(f.where(condition, zero, g), b.shape) : undefined,
    ];
  },
};

const not: Operator = {
  name: "Not",
  inputs: [1, 1],
  accepts: isBool,
  infer: (context) => [{ dtype: "bool", shape: required(context, 0).shape }],
  gradient: "its result is a truth value",
};

export const logic: readonly Operator[] = [
  ...["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"].map((name) => predicate(name)),
  ...["And", "Or", "Xor"].map((name) => predicate(name, isBool)),
  not,
  where,
];
