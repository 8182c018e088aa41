import type { DType } from "../dtype.js";
import { GraphError } from "../errors.js";
import { type InferContext, type Operator, required } from "../operator.js";
import { broadcastShapes, formatShape, type Shape } from "../shape.js";
import type { Tensor, TensorType } from "../tensor.js";
import { windowAxes } from "./window.js";

const FORWARD_ONLY = "quantized: forward only";

const CONV_ATTRIBUTES = {
  auto_pad: "string",
  dilations: "ints",
  group: "int",
  kernel_shape: "ints",
  pads: "ints",
  strides: "ints",
} as const;

function quantizedOperator(
  name: string,
  inputs: Operator["inputs"],
  infer: (context: InferContext) => readonly TensorType[],
  attributes: Operator["attributes"] = {},
): Operator {
  return { name, inputs, attributes, infer, gradient: FORWARD_ONLY, throughIntegers: true };
}

/** @throws GraphError DTYPE_MISMATCH unless each of these inputs is an 8-bit integer */
function checkBytes(context: InferContext, ...indices: readonly number[]): void {
  for (const index of indices) {
    const { dtype, name } = required(context, index);
    if (dtype === "int8" || dtype === "uint8") continue;
    throw new GraphError("DTYPE_MISMATCH", `${name} must be int8 or uint8, not ${dtype}`, { value: dtype });
  }
}

function productShape(a: Tensor, b: Tensor): Shape {
  const fits = a.shape.length >= 2 && b.shape.length >= 2 && a.shape.at(-1) === b.shape.at(-2);
  if (!fits) {
    const message = `${formatShape(a.shape)} and ${formatShape(b.shape)} have no product`;
    throw new GraphError("SHAPE_MISMATCH", message, { value: [a.shape, b.shape] });
  }
  return [...broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2)), a.shape.at(-2)!, b.shape.at(-1)!];
}

function convolvedShape(context: InferContext, x: Tensor, weight: Tensor): Shape {
  const group = Number(context.attributes.group ?? 1);
  if (x.shape.length !== weight.shape.length || x.shape[1] !== weight.shape[1]! * group) {
    const message = `weight ${formatShape(weight.shape)} does not suit ${formatShape(x.shape)}`;
    throw new GraphError("SHAPE_MISMATCH", message, { value: [x.shape, weight.shape] });
  }
  const attributes = { ...context.attributes, kernel_shape: weight.shape.slice(2) };
  return [x.shape[0]!, weight.shape[0]!, ...windowAxes(x.shape, attributes).map(({ out }) => out)];
}

/** Quantized models are read and run, not trained. */
export const quantized: readonly Operator[] = [
  quantizedOperator(
    "QuantizeLinear",
    [2, 3],
    (context) => {
      const dtype: DType = context.inputs[2]?.dtype ?? "uint8";
      return [{ dtype, shape: required(context, 0).shape }];
    },
    { axis: "int" },
  ),
  quantizedOperator(
    "DequantizeLinear",
    [2, 3],
    (context) => [{ dtype: required(context, 1).dtype, shape: required(context, 0).shape }],
    { axis: "int" },
  ),
  quantizedOperator("DynamicQuantizeLinear", [1, 1], (context) => [
    { dtype: "uint8", shape: required(context, 0).shape },
    { dtype: "float32", shape: [] },
    { dtype: "uint8", shape: [] },
  ]),
  quantizedOperator(
    "QLinearConv",
    [8, 9],
    (context) => {
      checkBytes(context, 0, 3);
      const shape = convolvedShape(context, required(context, 0), required(context, 3));
      return [{ dtype: required(context, 7).dtype, shape }];
    },
    CONV_ATTRIBUTES,
  ),
  quantizedOperator("QLinearMatMul", [8, 8], (context) => {
    checkBytes(context, 0, 3);
    return [{ dtype: required(context, 7).dtype, shape: productShape(required(context, 0), required(context, 3)) }];
  }),
  quantizedOperator("MatMulInteger", [2, 4], (context) => {
    checkBytes(context, 0, 1);
    return [{ dtype: "int32", shape: productShape(required(context, 0), required(context, 1)) }];
  }),
  quantizedOperator(
    "ConvInteger",
    [2, 4],
    (context) => {
      checkBytes(context, 0, 1);
      return [{ dtype: "int32", shape: convolvedShape(context, required(context, 0), required(context, 1)) }];
    },
    CONV_ATTRIBUTES,
  ),
];
