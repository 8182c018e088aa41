import type { DType } from "../../dtype.js";
import * as f from "../../ops/build.js";
import type { Attributes, Tensor } from "../../tensor.js";
import { type Call, type Conversion, inputOf, numberOf, unsupported, without } from "../call.js";
import { dtypeOf } from "../data-types.js";

/** The zero point says which type is meant; opset 17 has no attribute for it. */
function plain(call: Call): Call {
  if (numberOf(call, "block_size", 0) !== 0) throw unsupported(call, "blocks of weights");
  const dtype = call.op.endsWith("DequantizeLinear") ? inputOf(call, 0).dtype : targetOf(call);
  if (dtype === "int16" || dtype === "uint16") throw unsupported(call, `${dtype} is quantized in later opsets only`);
  const bare = without(call, "block_size", "output_dtype", "precision", "saturate");
  const op = call.op.replace("com.microsoft:", "");
  if (op === "DequantizeLinear" || call.inputs[2] || dtype === "uint8") return { ...bare, op };
  const zero = f.expand(call.graph.scalar(0, dtype), inputOf(call, 1).shape);
  return { ...bare, op, inputs: [inputOf(call, 0), inputOf(call, 1), zero] };
}

function targetOf(call: Call): DType {
  return call.inputs[2]?.dtype ?? dtypeOf(numberOf(call, "output_dtype", 0)) ?? "uint8";
}

/** Numbers that three inputs in a row stand for: values, scale, zero point. */
function dequantized(call: Call, first: number, attributes: Attributes = {}): Tensor {
  const zero = call.inputs[first + 2];
  const inputs = [inputOf(call, first), inputOf(call, first + 1), ...(zero ? [zero] : [])];
  return f.emitOne("DequantizeLinear", inputs, attributes);
}

/** Quantizes with the scale and zero point that two inputs in a row hold. */
function quantized(call: Call, x: Tensor, first: number): Tensor {
  const zero = call.inputs[first + 1];
  return f.emitOne("QuantizeLinear", [x, inputOf(call, first), ...(zero ? [zero] : [])]);
}

function binary(op: string): (call: Call) => readonly Tensor[] {
  return (call) => [quantized(call, f.emitOne(op, [dequantized(call, 0), dequantized(call, 3)]), 6)];
}

function unary(op: string): (call: Call) => readonly Tensor[] {
  return (call) => {
    if (numberOf(call, "channels_last", 0) !== 0) throw unsupported(call, "channels_last");
    const attributes = without(call, "channels_last", "opset").attributes as Attributes;
    return [quantized(call, f.emitOne(op, [dequantized(call, 0)], attributes), 3)];
  };
}

function concat(call: Call): readonly Tensor[] {
  const count = (call.inputs.length - 2) / 3;
  const parts = Array.from({ length: count }, (_, i) => dequantized(call, 2 + 3 * i));
  return [quantized(call, f.concat(parts, numberOf(call, "axis", 0)), 0)];
}

/** The bias is held in units of both scales. */
function gemm(call: Call): readonly Tensor[] {
  const [transA, transB] = [numberOf(call, "transA", 0), numberOf(call, "transB", 0)] as [0 | 1, 0 | 1];
  const weightScale = inputOf(call, 4);
  const axis = transB === 1 ? 0 : 1;
  const weight = dequantized(call, 3, weightScale.shape.length === 1 ? { axis } : {});
  const bias = call.inputs[6];
  const unit = f.mul(inputOf(call, 1), weightScale);
  const addend = bias && f.mul(f.cast(bias, "float32"), unit);
  const product = f.mul(
    f.gemm(dequantized(call, 0), weight, undefined, { transA, transB }),
    numberOf(call, "alpha", 1),
  );
  const y = addend ? f.add(product, addend) : product;
  return [call.inputs[7] ? quantized(call, y, 7) : y];
}

/** Integers multiplied, then scaled: inputs A, B, their scales, their zero points, a bias. */
function integerProduct(
  values: readonly [Tensor, Tensor],
  scales: readonly [Tensor, Tensor],
  zeros: readonly (Tensor | undefined)[],
  bias: Tensor | undefined,
): readonly Tensor[] {
  const product = f.emitOne("MatMulInteger", [...values, ...(zeros[0] || zeros[1] ? zeros : [])]);
  const scaled = f.mul(f.cast(product, "float32"), f.mul(scales[0], scales[1]));
  return [bias ? f.add(scaled, bias) : scaled];
}

function matMulToFloat(call: Call): readonly Tensor[] {
  const [a, b, aScale, bScale] = [0, 1, 2, 3].map((i) => inputOf(call, i)) as [Tensor, Tensor, Tensor, Tensor];
  return integerProduct([a, b], [aScale, bScale], [zeroOf(call, 4, a), call.inputs[5]], call.inputs[6]);
}

/** MatMulInteger takes a second zero point only behind a first. */
function zeroOf(call: Call, index: number, like: Tensor): Tensor {
  return call.inputs[index] ?? call.graph.scalar(0, like.dtype);
}

function dynamicMatMul(call: Call): readonly Tensor[] {
  const [bytes, scale, zero] = call.graph.emit("DynamicQuantizeLinear", [inputOf(call, 0)]) as [Tensor, Tensor, Tensor];
  return integerProduct([bytes, inputOf(call, 1)], [scale, inputOf(call, 2)], [zero, call.inputs[3]], call.inputs[4]);
}

/** Quantized operators of ONNX Runtime's own, in what ONNX has; ONNX Runtime fuses them again. */
export const quantization: readonly Conversion[] = [
  ...["QuantizeLinear", "DequantizeLinear"].flatMap((op) => [
    { op, convert: plain },
    { op: `com.microsoft:${op}`, convert: plain },
  ]),
  { op: "com.microsoft:QLinearAdd", convert: binary("Add") },
  { op: "com.microsoft:QLinearMul", convert: binary("Mul") },
  { op: "com.microsoft:QLinearSigmoid", convert: unary("Sigmoid") },
  { op: "com.microsoft:QLinearLeakyRelu", convert: unary("LeakyRelu") },
  { op: "com.microsoft:QLinearSoftmax", convert: unary("Softmax") },
  { op: "com.microsoft:QLinearAveragePool", convert: unary("AveragePool") },
  { op: "com.microsoft:QLinearGlobalAveragePool", convert: unary("GlobalAveragePool") },
  { op: "com.microsoft:QLinearConcat", convert: concat },
  { op: "com.microsoft:QGemm", convert: gemm },
  { op: "com.microsoft:MatMulIntegerToFloat", convert: matMulToFloat },
  { op: "com.microsoft:DynamicQuantizeMatMul", convert: dynamicMatMul },
];
