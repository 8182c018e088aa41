import { TensorProto_DataType as DataType, type NodeProto, type ValueInfoProto } from "onnx-buf";
import { GraphError } from "../errors.js";
import { toFloat16 } from "../onnx/half.js";
import { subgraphsOf } from "../onnx/model.js";
import type { ExternalData } from "../onnx/tensors.js";
import { ModelEditor, nodeOf, rewired } from "./editor.js";

export interface HalfOptions {
  /** Bytes of files that lie beside the model. */
  readonly externalData?: ExternalData | undefined;
}

/** What became of the numbers of a model in half precision. */
export interface HalfModel {
  readonly model: Uint8Array;
  /** Weights beyond 65,504, the largest number there is; they became it. */
  readonly clipped: number;
  /** Weights that were not zero and became it, smaller than about 3e-8. */
  readonly vanished: number;
}

const LARGEST = 65_504;
/** Inputs that stay in single precision, by operator: sizes and places, not values. */
const SINGLE_INPUTS: Readonly<Record<string, readonly number[]>> = { Resize: [1, 2], Upsample: [1] };
/** Operators that take or give float32 whatever the rest of the network does. */
const SINGLE_ONLY = new Set([
  "Celu",
  "NonMaxSuppression",
  "RoiAlign",
  "MelWeightMatrix",
  "STFT",
  "DFT",
  "RandomNormal",
  "RandomUniform",
  "Range",
]);

/**
 * A model in half precision, whose inputs and outputs are float32 as before: half the size, and faster where there are kernels
 * for it, as on graphics processors.
 * @throws GraphError MODEL_INVALID; MODEL_UNSUPPORTED where it has branches or loops, or operators that know single precision only
 */
export function toHalf(bytes: Uint8Array, options: HalfOptions = {}): HalfModel {
  const editor = new ModelEditor(bytes, options.externalData);
  requireSimple(editor.nodes);
  const single = new Set(
    editor.nodes.flatMap((node) => (SINGLE_INPUTS[node.opType] ?? []).map((i) => node.input[i] ?? "")),
  );
  const counts = { clipped: 0, vanished: 0 };
  for (const name of editor.constants.keys()) {
    const value = single.has(name) ? undefined : editor.floats(name);
    if (value) editor.replaceConstant(name, DataType.FLOAT16, halves(value.data, counts));
  }
  const floats = (values: readonly ValueInfoProto[]) => values.filter(isFloat).map(({ name }) => name);
  const given = editor.graph.input.filter(({ name }) => !editor.constants.has(name));
  const inputs = new Map(floats(given).map((name) => [name, editor.fresh(`${name}_half`)]));
  const outputs = new Map(floats(editor.graph.output).map((name) => [name, editor.fresh(`${name}_half`)]));
  const renamed = (name: string) => outputs.get(name) ?? inputs.get(name) ?? name;
  editor.nodes = [
    ...[...inputs].map(([name, half]) => nodeOf("Cast", [name], [half], { to: DataType.FLOAT16 })),
    ...editor.nodes.map((node) =>
      rewired(withHalfTypes(node, editor), { input: node.input.map(renamed), output: node.output.map(renamed) }),
    ),
    ...[...outputs].map(([name, half]) => nodeOf("Cast", [half], [name], { to: DataType.FLOAT })),
  ];
  return { model: editor.finish(), ...counts };
}

function requireSimple(nodes: readonly NodeProto[]): void {
  const wrong = nodes.find(
    (node) =>
      subgraphsOf(node).length > 0 || SINGLE_ONLY.has(node.opType) || node.domain === "ai.onnx.ml" || makesFloats(node),
  );
  if (!wrong) return;
  throw new GraphError("MODEL_UNSUPPORTED", `${wrong.opType} is not turned into half precision`, {
    where: wrong.name,
    value: wrong.opType,
    fix: "Quantize the model to int8 instead, or leave it as it is.",
  });
}

/** Whether a node makes float32 numbers of a kind that is not turned into others here. */
function makesFloats(node: NodeProto): boolean {
  if (node.opType === "Constant") return node.attribute.some(({ name }) => name.startsWith("value_float"));
  if (node.opType !== "ConstantOfShape") return /^(Hann|Hamming|Blackman)Window$/.test(node.opType);
  const value = node.attribute.find(({ name }) => name === "value")?.t;
  return !value || value.dataType === DataType.FLOAT;
}

function isFloat({ type }: ValueInfoProto): boolean {
  return type?.value.case === "tensorType" && type.value.value.elemType === DataType.FLOAT;
}

/** Casts and constants that name single precision name half precision. */
function withHalfTypes(node: NodeProto, editor: ModelEditor): NodeProto {
  if (node.opType === "Constant") {
    const tensor = editor.constants.get(node.output[0]!);
    const attribute = node.attribute.map((a) => (tensor && a.name === "value" ? { ...a, t: tensor } : a));
    return rewired(node, { attribute });
  }
  const attribute = node.attribute.map((a) => {
    const isType = (a.name === "to" || a.name === "dtype") && Number(a.i) === DataType.FLOAT;
    return isType ? { ...a, i: BigInt(DataType.FLOAT16) } : a;
  });
  return rewired(node, { attribute });
}

/** Numbers as the bytes of float16. */
function halves(data: Float32Array, counts: { clipped: number; vanished: number }): Uint8Array<ArrayBuffer> {
  const bits = toFloat16(data);
  for (let i = 0; i < data.length; i++) {
    if (Number.isNaN(data[i]!)) throw notANumber(i);
    if (Math.abs(data[i]!) > LARGEST && Number.isFinite(data[i]!)) counts.clipped++;
    if (data[i] !== 0 && (bits[i]! & 0x7fff) === 0) counts.vanished++;
  }
  return new Uint8Array(bits.buffer as ArrayBuffer);
}

function notANumber(place: number): GraphError {
  return new GraphError("MODEL_INVALID", `a weight is NaN at place ${place}`, {
    value: Number.NaN,
    fix: "Train or export the model again.",
  });
}
