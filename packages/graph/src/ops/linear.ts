import { GraphError } from "../errors.js";
import {
  floatAttribute,
  type GradientContext,
  gradientOf,
  type InferContext,
  numberAttribute,
  type Operator,
  required,
} from "../operator.js";
import { broadcastShapes, formatShape, type Shape, sameShape } from "../shape.js";
import type { Tensor, TensorType } from "../tensor.js";
import * as f from "./build.js";

function mismatch(a: Shape, b: Shape): GraphError {
  return new GraphError("SHAPE_MISMATCH", `inner dimensions of ${formatShape(a)} and ${formatShape(b)} differ`, {
    value: [a, b],
  });
}

function transposed(shape: Shape, flag: number): readonly [number, number] {
  const [rows, columns] = shape;
  if (rows === undefined || columns === undefined || shape.length !== 2) {
    throw new GraphError("SHAPE_MISMATCH", `takes matrices, got ${formatShape(shape)}`, { value: shape });
  }
  return flag ? [columns, rows] : [rows, columns];
}

function inferGemm(context: InferContext): readonly TensorType[] {
  const [a, b, c] = [required(context, 0), required(context, 1), context.inputs[2]];
  const [rows, inner] = transposed(a.shape, numberAttribute(context.attributes, "transA", 0));
  const [innerB, columns] = transposed(b.shape, numberAttribute(context.attributes, "transB", 0));
  if (inner !== innerB) throw mismatch(a.shape, b.shape);
  if (a.dtype !== b.dtype || (c && c.dtype !== a.dtype)) throw new GraphError("DTYPE_MISMATCH", "element types differ");
  const shape = [rows, columns];
  if (c && !sameShape(broadcastShapes(c.shape, shape), shape)) {
    throw new GraphError("SHAPE_MISMATCH", `${formatShape(c.shape)} does not broadcast to ${formatShape(shape)}`);
  }
  return [{ dtype: a.dtype, shape }];
}

/**
 * For PyTorch's layout (transB) both products are plain Gemms, the weight's over an explicitly transposed gradient: ONNX
 * Runtime's kernels are far slower with transA than with a transpose of the small operand (see docs/architecture.md).
 */
function gemmGradient(context: GradientContext): (Tensor | undefined)[] {
  const [a, b, c] = context.node.inputs as readonly [Tensor, Tensor, Tensor | undefined];
  const g = gradientOf(context);
  const { attributes } = context.node;
  const alpha = floatAttribute(attributes, "alpha", 1);
  const beta = floatAttribute(attributes, "beta", 1);
  const [transA, transB] = [numberAttribute(attributes, "transA", 0), numberAttribute(attributes, "transB", 0)];
  const scale = alpha === 1 ? {} : { alpha };
  const gradientA = () =>
    transA
      ? f.gemm(b, f.transpose(g), undefined, { ...scale, ...(transB ? { transA: 1 } : {}) })
      : f.gemm(g, b, undefined, { ...scale, ...(transB ? {} : { transB: 1 }) });
  const gradientB = () =>
    transB
      ? f.gemm(f.transpose(g), a, undefined, { ...scale, ...(transA ? { transB: 1 } : {}) })
      : f.gemm(transA ? a : f.transpose(a), g, undefined, scale);
  const gradientC = (bias: Tensor) => f.sumTo(beta === 1 ? g : f.mul(g, beta), bias.shape);
  return [
    context.wants[0] ? gradientA() : undefined,
    context.wants[1] ? gradientB() : undefined,
    c && context.wants[2] ? gradientC(c) : undefined,
  ];
}

/** Operands of MatMul as matrices: NumPy turns a vector into a row on the left and a column on the right. */
function matrixShapes(a: Shape, b: Shape): readonly [Shape, Shape] {
  return [a.length === 1 ? [1, ...a] : a, b.length === 1 ? [...b, 1] : b];
}

function inferMatMul(context: InferContext): readonly TensorType[] {
  const [a, b] = [required(context, 0), required(context, 1)];
  if (a.dtype !== b.dtype) throw new GraphError("DTYPE_MISMATCH", `${a.dtype} and ${b.dtype} do not mix`);
  if (a.shape.length === 0 || b.shape.length === 0) throw new GraphError("SHAPE_MISMATCH", "takes no scalars");
  const [left, right] = matrixShapes(a.shape, b.shape);
  if (left.at(-1) !== right.at(-2)) throw mismatch(a.shape, b.shape);
  const batch = broadcastShapes(left.slice(0, -2), right.slice(0, -2));
  const rows = a.shape.length === 1 ? [] : [left.at(-2)!];
  const columns = b.shape.length === 1 ? [] : [right.at(-1)!];
  return [{ dtype: a.dtype, shape: [...batch, ...rows, ...columns] }];
}

function matMulGradient(context: GradientContext): (Tensor | undefined)[] {
  const [a, b] = [context.inputs[0]!, context.inputs[1]!];
  const [left, right] = matrixShapes(a.shape, b.shape);
  const batch = broadcastShapes(left.slice(0, -2), right.slice(0, -2));
  const g = f.reshape(gradientOf(context), [...batch, left.at(-2)!, right.at(-1)!]);
  const gradientA = () => f.sumTo(f.matmul(g, f.swapLast(f.reshape(b, right))), left);
  const gradientB = () => f.sumTo(f.matmul(f.swapLast(f.reshape(a, left)), g), right);
  return [
    context.wants[0] ? f.reshape(gradientA(), a.shape) : undefined,
    context.wants[1] ? f.reshape(gradientB(), b.shape) : undefined,
  ];
}

export const linears: readonly Operator[] = [
  {
    name: "Gemm",
    inputs: [2, 3],
    attributes: { alpha: "float", beta: "float", transA: "int", transB: "int" },
    infer: inferGemm,
    gradient: gemmGradient,
  },
  { name: "MatMul", inputs: [2, 2], infer: inferMatMul, gradient: matMulGradient },
];
