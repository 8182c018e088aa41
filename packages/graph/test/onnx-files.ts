import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType as AttributeType,
  type ModelProto,
  ModelProtoSchema,
  type NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
} from "onnx-buf";
import { type DType, randomStream, sizeOf, type TypedArray } from "../src/index.js";
import { DATA_TYPES, type KnownValue } from "../src/onnx/data-types.js";
import { decodeTensor } from "../src/onnx/tensors.js";
import { backend } from "./backend.js";

/** Reads a tensor that lies in a file of its own, as the official cases have them. */
export function readTensorFile(bytes: Uint8Array): KnownValue & { readonly name: string } {
  const proto: TensorProto = fromBinary(TensorProtoSchema, bytes);
  return { ...decodeTensor(proto), name: proto.name };
}

/** Runs an ONNX model once. */
export async function runModel(
  model: Uint8Array,
  feeds: Readonly<Record<string, KnownValue>>,
): Promise<Record<string, { readonly shape: readonly number[]; readonly data: TypedArray }>> {
  const session = await backend.createSession(model, { threads: 1 });
  try {
    const tensors = session.inputNames.map((name) => {
      const { dtype, data, shape } = feeds[name]!;
      return [name, backend.tensor(dtype, data as Float32Array, shape)];
    });
    const results = await session.run(Object.fromEntries(tensors));
    return Object.fromEntries(
      Object.entries(results).map(([name, { dims, data }]) => [name, { shape: dims, data: data as TypedArray }]),
    );
  } finally {
    await session.release();
  }
}

/** The largest difference of two arrays, relative where the expected number is larger than 1. */
export function largestError(actual: TypedArray, expected: TypedArray): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < actual.length; i++) {
    const [a, b] = [Number(actual[i]), Number(expected[i])];
    if (a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
    const error = Math.abs(a - b) / Math.max(1, Math.abs(b));
    worst = Math.max(worst, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error);
  }
  return worst;
}

type AttributeValue =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | { readonly float: number }
  | { readonly body: BodySpec }
  | { readonly tensor: KnownValue }
  | { readonly ref: string; readonly type: AttributeType };

/** A graph inside of a node. */
export interface BodySpec {
  /** Names; scalars with their type. */
  readonly inputs?: readonly (string | readonly [name: string, scalar: DType])[];
  readonly outputs: readonly string[];
  readonly nodes: readonly NodeSpec[];
  readonly initializers?: Readonly<Record<string, KnownValue>>;
}

/** A function that a file defines, in the domain "local". */
export interface FunctionSpec extends Pick<BodySpec, "nodes" | "outputs"> {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly attributes?: readonly string[];
  readonly defaults?: Readonly<Record<string, AttributeValue>>;
}

/**
 * One node of a small model: operator, inputs, outputs, attributes; `{ float }` marks a whole number as a float, `{ ref }`
 * an attribute of the function's call.
 */
export interface NodeSpec {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly domain?: string;
}

export interface ModelSpec {
  readonly opset: number;
  readonly nodes: readonly NodeSpec[];
  /** Shapes of float32 inputs; a string is a symbolic dimension. */
  readonly inputs: Readonly<Record<string, readonly (number | string)[]>>;
  readonly outputs: readonly string[];
  readonly initializers?: Readonly<Record<string, KnownValue>>;
  readonly functions?: readonly FunctionSpec[];
}

/** A small ONNX model of any opset. */
export function smallModel(spec: ModelSpec): ModelProto {
  const contrib = { domain: "com.microsoft", version: 1n };
  return create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: [{ domain: "", version: BigInt(spec.opset) }, contrib, LOCAL],
    functions: (spec.functions ?? []).map((called) => ({
      name: called.name,
      domain: LOCAL.domain,
      input: [...called.inputs],
      output: [...called.outputs],
      attribute: [...(called.attributes ?? [])],
      attributeProto: attributesOf(called.defaults ?? {}),
      node: called.nodes.map(nodeOf),
      opsetImport: [{ domain: "", version: BigInt(spec.opset) }, LOCAL],
    })),
    graph: {
      name: "small",
      node: spec.nodes.map(nodeOf),
      initializer: tensorsOf(spec.initializers),
      input: Object.entries(spec.inputs).map(([name, shape]) => ({ name, type: tensorType(shape) })),
      output: spec.outputs.map((name) => ({ name })),
    },
  });
}

const LOCAL = { domain: "local", version: 1n };

function nodeOf({
  op,
  inputs,
  outputs,
  attributes = {},
  domain = "",
}: NodeSpec): MessageInitShape<typeof NodeProtoSchema> {
  return { opType: op, domain, input: [...inputs], output: [...outputs], attribute: attributesOf(attributes) };
}

function tensorsOf(values: Readonly<Record<string, KnownValue>> = {}) {
  return Object.entries(values).map(([name, value]) => ({ name, ...tensorFields(value) }));
}

function tensorFields({ dtype, shape, data }: KnownValue) {
  const rawData = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  return { dataType: DATA_TYPES[dtype], dims: shape.map(BigInt), rawData };
}

function attributesOf(attributes: Readonly<Record<string, AttributeValue>>) {
  return Object.entries(attributes).map(([name, value]) => ({ name, ...attributeFields(value) }));
}

export const encodeModel = (model: ModelProto): Uint8Array => toBinary(ModelProtoSchema, model);

function attributeFields(value: AttributeValue) {
  if (typeof value === "string") return { type: AttributeType.STRING, s: new TextEncoder().encode(value) };
  if (typeof value === "number") {
    return Number.isInteger(value)
      ? { type: AttributeType.INT, i: BigInt(value) }
      : { type: AttributeType.FLOAT, f: value };
  }
  if ("ref" in value) return { type: value.type, refAttrName: value.ref };
  if ("body" in value) return { type: AttributeType.GRAPH, g: bodyFields(value.body) };
  if ("tensor" in value) return { type: AttributeType.TENSOR, t: tensorFields(value.tensor) };
  if ("float" in value) return { type: AttributeType.FLOAT, f: value.float };
  const numbers = value.filter((item) => typeof item === "number");
  if (numbers.length < value.length) {
    return { type: AttributeType.STRINGS, strings: value.map((text) => new TextEncoder().encode(String(text))) };
  }
  return numbers.every(Number.isInteger)
    ? { type: AttributeType.INTS, ints: numbers.map(BigInt) }
    : { type: AttributeType.FLOATS, floats: numbers };
}

function bodyFields({ inputs = [], outputs, nodes, initializers }: BodySpec) {
  return {
    name: "body",
    input: inputs.map((input) => {
      return typeof input === "string" ? { name: input } : { name: input[0], type: tensorType([], input[1]) };
    }),
    output: outputs.map((name) => ({ name })),
    node: nodes.map(nodeOf),
    initializer: tensorsOf(initializers),
  };
}

function tensorType(shape: readonly (number | string)[], dtype: DType = "float32") {
  const dim = shape.map((size) => ({
    value:
      typeof size === "string"
        ? { case: "dimParam" as const, value: size }
        : { case: "dimValue" as const, value: BigInt(size) },
  }));
  return { value: { case: "tensorType" as const, value: { elemType: DATA_TYPES[dtype], shape: { dim } } } };
}

export const float32 = (shape: readonly number[], values: readonly number[]): KnownValue => {
  return { dtype: "float32", shape, data: Float32Array.from(values) };
};

export const int64 = (values: readonly number[]): KnownValue => {
  return { dtype: "int64", shape: [values.length], data: BigInt64Array.from(values, BigInt) };
};

/** Numbers between -2 and 2 that depend on the shape only. */
export function someNumbers(shape: readonly number[]): KnownValue {
  const stream = randomStream(7, shape.join("x"));
  return {
    dtype: "float32",
    shape,
    data: Float32Array.from({ length: sizeOf(shape) }, () => 4 * stream.uniform() - 2),
  };
}
