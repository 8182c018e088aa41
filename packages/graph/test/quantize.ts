import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema, NodeProtoSchema, TensorProtoSchema } from "onnx-buf";
import type { TypedArray } from "../src/index.js";
import { DATA_TYPES, type KnownValue } from "../src/onnx/data-types.js";
import { parseModel } from "../src/onnx/model.js";
import { withAllOutputs } from "../src/onnx/shapes.js";
import { decodeTensor } from "../src/onnx/tensors.js";
import { runModel } from "./onnx-files.js";

/**
 * Quantizes the convolutions and products of a model to 8 bits, statically, in the form of QuantizeLinear and
 * DequantizeLinear pairs: weights symmetric, activations by their range on some samples.
 * @param keep outputs of nodes that stay as they are
 */
export async function quantizeModel(
  bytes: Uint8Array,
  samples: Readonly<Record<string, KnownValue>>,
  keep: readonly string[] = [],
): Promise<Uint8Array> {
  const model = fromBinary(ModelProtoSchema, bytes);
  const graph = model.graph!;
  const ranges = await activations(bytes, samples);
  const weights = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  const store = (name: string, { dtype, shape, data }: KnownValue) => {
    const rawData = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
    graph.initializer.push(
      create(TensorProtoSchema, { name, dataType: DATA_TYPES[dtype], dims: shape.map(BigInt), rawData }),
    );
    return name;
  };
  const node = (opType: string, input: string[], output: string) =>
    create(NodeProtoSchema, { opType, name: `${output}/node`, input, output: [output] });
  graph.node = graph.node.flatMap((original) => {
    const [x, weight] = original.input as [string, string];
    const stored = weights.get(weight);
    if (!["Conv", "Gemm", "MatMul"].includes(original.opType) || !stored || keep.includes(original.output[0]!)) {
      return [original];
    }
    const name = original.output[0]!;
    const { values, scale } = symmetric(decodeTensor(stored));
    const { zero, step } = asymmetric(ranges[x]!);
    const [xScale, xZero] = [
      store(`${name}/x_scale`, { dtype: "float32", shape: [], data: Float32Array.of(step) }),
      store(`${name}/x_zero`, { dtype: "uint8", shape: [], data: Uint8Array.of(zero) }),
    ];
    const wScale = store(`${name}/w_scale`, { dtype: "float32", shape: [], data: Float32Array.of(scale) });
    const quantized = node("DequantizeLinear", [store(`${name}/w_int8`, values), wScale], `${name}/w`);
    const input = [`${name}/x`, `${name}/w`, ...original.input.slice(2)];
    return [
      node("QuantizeLinear", [x, xScale, xZero], `${name}/x_uint8`),
      node("DequantizeLinear", [`${name}/x_uint8`, xScale, xZero], `${name}/x`),
      quantized,
      { ...original, input },
    ];
  });
  return toBinary(ModelProtoSchema, model);
}

/** All values of a model on some samples. */
async function activations(
  bytes: Uint8Array,
  samples: Readonly<Record<string, KnownValue>>,
): Promise<Readonly<Record<string, TypedArray>>> {
  const values = { ...samples, ...(await runModel(withAllOutputs(parseModel(bytes)), samples)) };
  return Object.fromEntries(Object.entries(values).map(([name, { data }]) => [name, data]));
}

function symmetric({ shape, data }: KnownValue): { readonly values: KnownValue; readonly scale: number } {
  const scale = Math.max(...Array.from(data, (value) => Math.abs(Number(value)))) / 127;
  return {
    values: { dtype: "int8", shape, data: Int8Array.from(data, (value) => Math.round(Number(value) / scale)) },
    scale,
  };
}

function asymmetric(data: TypedArray): { readonly zero: number; readonly step: number } {
  const numbers = Array.from(data, Number);
  const [low, high] = [Math.min(0, ...numbers), Math.max(0, ...numbers)];
  const step = (high - low) / 255 || 1;
  return { zero: Math.round(-low / step), step };
}
