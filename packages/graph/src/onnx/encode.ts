import { create, toBinary } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type OperatorSetIdProto,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import { type DType, type TypedArray, toTypedArray } from "../dtype.js";
import { GraphError } from "../errors.js";
import type { Graph } from "../graph.js";
import type { AttributeKind } from "../operator.js";
import { type LivePart, livePart } from "../prune.js";
import { sizeOf } from "../shape.js";
import type { Attribute, Node, Tensor } from "../tensor.js";
import { verify } from "../verify.js";
import { DATA_TYPES } from "./data-types.js";
import { checkSymbols, type Symbols } from "./symbols.js";

/** The opset that graphs are written in, and the IR version that goes with it. */
export const OPSET = 17;
const IR_VERSION = 8;

const ATTRIBUTE_TYPES: Readonly<Record<AttributeKind, AttributeType>> = {
  int: AttributeType.INT,
  dtype: AttributeType.INT,
  float: AttributeType.FLOAT,
  string: AttributeType.STRING,
  ints: AttributeType.INTS,
  floats: AttributeType.FLOATS,
  strings: AttributeType.STRINGS,
};

export interface EncodeOptions {
  /** Name of the graph. Default "limbeck". */
  readonly name?: string;
  /** Values of parameters by name, written into the file; without them, parameters are inputs. */
  readonly parameters?: Readonly<Record<string, TypedArray>>;
  /** Symbolic dimensions of inputs and outputs: `{ input: { 0: "batch" } }`. */
  readonly symbols?: Symbols;
  /** Key-value pairs for the file's metadata. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Who made the file. Default: "limbeck", without a version. */
  readonly producer?: { readonly name: string; readonly version?: string };
}

/** A model whose large constants stand beside it, as ONNX's external data. */
export interface ModelInParts {
  readonly model: Uint8Array;
  /** Bytes by the location that the model gives. They are the graph's own memory. */
  readonly weights: ReadonlyMap<string, Uint8Array>;
}

/** Constants below this many bytes stay in the model. */
const SMALL_CONSTANT = 1 << 16;

/**
 * Like {@link toOnnx}, but large constants are not copied into the file: they may be larger than the 2 GB that a file can
 * hold.
 */
export function toOnnxInParts(graph: Graph, options: EncodeOptions = {}): ModelInParts {
  const weights = new Map<string, Uint8Array>();
  return { model: encodeModel(graph, options, weights), weights };
}

/**
 * Writes a graph as an ONNX file (opset 17), with nothing in it that its outputs do not need. Nodes and values keep their
 * names, but for values that are returned: those go by the output's name.
 * @throws GraphError GRAPH_INVALID, SHAPE_MISMATCH
 */
export function toOnnx(graph: Graph, options: EncodeOptions = {}): Uint8Array {
  return encodeModel(graph, options);
}

function encodeModel(graph: Graph, options: EncodeOptions, apart?: Map<string, Uint8Array>): Uint8Array {
  verify(graph);
  checkSymbols(graph, options.symbols ?? {});
  const { producer = { name: "limbeck" } } = options;
  const live = livePart(graph);
  const names = new ValueNames(graph);
  const stored = (tensor: Tensor) => tensor.source.kind === "parameter" && options.parameters !== undefined;
  const inputs = graph.inputs.filter((tensor) => live.values.has(tensor));
  const model = create(ModelProtoSchema, {
    irVersion: BigInt(IR_VERSION),
    producerName: producer.name,
    ...(producer.version === undefined ? {} : { producerVersion: producer.version }),
    opsetImport: opsetsOf(graph, live.nodes),
    metadataProps: Object.entries(options.metadata ?? {}).map(([key, value]) =>
      create(StringStringEntryProtoSchema, { key, value }),
    ),
    graph: create(GraphProtoSchema, {
      name: options.name ?? "limbeck",
      node: [...live.nodes.map((node) => encodeNode(graph, node, live, names)), ...names.copies()],
      initializer: [
        ...graph.constants.filter((tensor) => live.values.has(tensor)).map((tensor) => encodeConstant(tensor, apart)),
        ...inputs.filter(stored).map((tensor) => encodeParameter(tensor, options.parameters!)),
      ],
      input: inputs.filter((tensor) => !stored(tensor)).map((tensor) => valueInfo(tensor.name, tensor, options)),
      output: [...graph.outputs].map(([name, tensor]) => valueInfo(name, tensor, options)),
    }),
  });
  return toBinary(ModelProtoSchema, model);
}

function opsetsOf(graph: Graph, nodes: readonly Node[]): OperatorSetIdProto[] {
  const versions = new Map([["", OPSET]]);
  for (const { op } of nodes) {
    const { runtime } = graph.operators.get(op)!;
    if (runtime) versions.set(runtime.domain, runtime.version);
  }
  return [...versions].map(([domain, version]) =>
    create(OperatorSetIdProtoSchema, { domain, version: BigInt(version) }),
  );
}

/** A value that is returned takes the output's name; one that cannot (an input, or returned twice) is copied. */
class ValueNames {
  readonly #renamed = new Map<Tensor, string>();
  readonly #copies: NodeProto[] = [];

  constructor(graph: Graph) {
    for (const [name, tensor] of graph.outputs) {
      if (tensor.source.kind === "node" && !this.#renamed.has(tensor)) this.#renamed.set(tensor, name);
      else this.#copies.push(create(NodeProtoSchema, { opType: "Identity", input: [this.of(tensor)], output: [name] }));
    }
  }

  of(tensor: Tensor): string {
    return this.#renamed.get(tensor) ?? tensor.name;
  }

  copies(): readonly NodeProto[] {
    return this.#copies;
  }
}

function encodeNode(graph: Graph, node: Node, live: LivePart, names: ValueNames): NodeProto {
  const { attributes: kinds = {}, namesAllOutputs = false, runtime } = graph.operators.get(node.op)!;
  const isNamed = (output: Tensor, i: number) => i === 0 || namesAllOutputs || live.values.has(output);
  return create(NodeProtoSchema, {
    name: node.name,
    opType: runtime?.type ?? node.op,
    ...(runtime ? { domain: runtime.domain } : {}),
    input: trimmed(node.inputs.map((input) => (input ? names.of(input) : ""))),
    // Left out, not just unnamed: MaxPool takes its fast path only without a second output.
    output: trimmed(node.outputs.map((output, i) => (isNamed(output, i) ? names.of(output) : ""))),
    attribute: Object.entries(node.attributes).map(([name, value]) => encodeAttribute(name, kinds[name]!, value)),
  });
}

/** Names without those that are left out at the end. */
function trimmed(names: string[]): string[] {
  return names.slice(0, names.findLastIndex((name) => name !== "") + 1);
}

function encodeAttribute(name: string, kind: AttributeKind, value: Attribute): AttributeProto {
  const base = { name, type: ATTRIBUTE_TYPES[kind] };
  switch (kind) {
    case "int":
      return create(AttributeProtoSchema, { ...base, i: BigInt(value as number) });
    case "dtype":
      return create(AttributeProtoSchema, { ...base, i: BigInt(DATA_TYPES[value as DType]) });
    case "float":
      return create(AttributeProtoSchema, { ...base, f: value as number });
    case "string":
      return create(AttributeProtoSchema, { ...base, s: new TextEncoder().encode(value as string) });
    case "ints":
      return create(AttributeProtoSchema, { ...base, ints: (value as readonly number[]).map(BigInt) });
    case "floats":
      return create(AttributeProtoSchema, { ...base, floats: [...(value as readonly number[])] });
    case "strings":
      return create(AttributeProtoSchema, {
        ...base,
        strings: (value as readonly string[]).map((text) => new TextEncoder().encode(text)),
      });
  }
}

function encodeConstant(tensor: Tensor, apart: Map<string, Uint8Array> | undefined): TensorProto {
  if (tensor.source.kind !== "constant") throw new GraphError("GRAPH_INVALID", `${tensor.name} is no constant`);
  const encoded = encodeTensor(tensor, tensor.source.data);
  if (!apart || encoded.rawData.length < SMALL_CONSTANT) return encoded;
  const location = `weights-${apart.size}`;
  apart.set(location, encoded.rawData);
  const place = { location, offset: "0", length: `${encoded.rawData.length}` };
  return create(TensorProtoSchema, {
    ...encoded,
    rawData: new Uint8Array(),
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: Object.entries(place).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value })),
  });
}

function encodeParameter(tensor: Tensor, values: Readonly<Record<string, TypedArray>>): TensorProto {
  return encodeTensor(tensor, parameterValues(tensor, values));
}

/** A parameter's values, of its type and size. @throws GraphError STATE_MISMATCH */
export function parameterValues(tensor: Tensor, values: Readonly<Record<string, TypedArray>>): TypedArray {
  const data = values[tensor.name];
  if (data?.length !== sizeOf(tensor.shape)) {
    throw new GraphError("STATE_MISMATCH", `parameter ${tensor.name} has ${data?.length ?? "no"} values`, {
      value: tensor.name,
      fix: `Give ${sizeOf(tensor.shape)} values of type ${tensor.dtype}.`,
    });
  }
  return toTypedArray(tensor.dtype, data);
}

function encodeTensor(tensor: Tensor, data: TypedArray): TensorProto {
  return create(TensorProtoSchema, {
    name: tensor.name,
    dataType: DATA_TYPES[tensor.dtype],
    dims: tensor.shape.map(BigInt),
    rawData: new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength),
  });
}

function valueInfo(name: string, tensor: Tensor, options: EncodeOptions): ValueInfoProto {
  const symbols = options.symbols?.[name] ?? {};
  const dim = tensor.shape.map((size, axis) => {
    const symbol = symbols[axis];
    return create(TensorShapeProto_DimensionSchema, {
      value: symbol === undefined ? { case: "dimValue", value: BigInt(size) } : { case: "dimParam", value: symbol },
    });
  });
  const type = create(TypeProto_TensorSchema, {
    elemType: DATA_TYPES[tensor.dtype],
    shape: create(TensorShapeProtoSchema, { dim }),
  });
  return create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, { value: { case: "tensorType", value: type } }),
  });
}
