import { create, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  type GraphProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  type TensorProto,
  TensorProtoSchema,
} from "onnx-buf";
import { type DType, type TypedArray, toTypedArray } from "../dtype.js";
import { GraphError } from "../errors.js";
import { DATA_TYPES } from "../onnx/data-types.js";
import { operatorOf, type ParsedModel, parseModel, subgraphsOf } from "../onnx/model.js";
import { constantOf } from "../onnx/stored.js";
import { decodeTensor, type ExternalData } from "../onnx/tensors.js";
import { takeIn } from "./external.js";

/** The first opset whose QuantizeLinear has a scale for each channel. */
const FIRST_OPSET = 13;
const QUANTIZED =
  /^(QuantizeLinear|DequantizeLinear|DynamicQuantizeLinear|QLinear.*|.*Integer|com\.microsoft:(QLinear|QGemm|MatMulNBits|DynamicQuantize).*)$/;
const MICROSOFT = "com.microsoft";
/** From this IR version on initializers need not be inputs; 13, the least opset, came with it. */
const NEW_INPUTS = 7n;

/** Numbers of a weight. */
export interface FloatConstant {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/**
 * An ONNX file that is rewritten node by node. What a rewriting does not know, such as other domains' operators and
 * branches, stays as it is.
 */
export class ModelEditor {
  nodes: NodeProto[];
  readonly #model: ParsedModel;
  readonly #constants = new Map<string, TensorProto>();
  /** Constants that were added, by the name that they were asked under. */
  readonly #added = new Map<string, readonly TensorProto[]>();
  readonly #names = new Set<string>();
  readonly #decoded = new Map<string, FloatConstant>();

  /**
   * @throws GraphError MODEL_INVALID for files that are none, or lack their external data; MODEL_UNSUPPORTED for opsets
   *   below 13 and models that are quantized already
   */
  constructor(bytes: Uint8Array, externalData?: ExternalData) {
    this.#model = parseModel(bytes);
    requireOpset(this.#model);
    const { graph } = this.#model;
    requireFloats(graph.node);
    takeIn(graph, externalData);
    this.nodes = [...graph.node];
    for (const tensor of graph.initializer) this.#constants.set(tensor.name, tensor);
    for (const node of graph.node) {
      const held = constantOf(node);
      if (held?.$typeName === "onnx.TensorProto") this.#constants.set(node.output[0]!, held);
    }
    for (const name of namesIn(graph)) this.#names.add(name);
  }

  get graph(): GraphProto {
    return this.#model.graph;
  }

  /** Inputs that are fed, not those that have a value. */
  get inputs(): readonly string[] {
    return this.graph.input.map(({ name }) => name).filter((name) => !this.#constants.has(name));
  }

  get outputs(): readonly string[] {
    return this.graph.output.map(({ name }) => name);
  }

  /** Constants by name. */
  get constants(): ReadonlyMap<string, TensorProto> {
    return this.#constants;
  }

  /** Whether a node calls a function that the file itself defines. */
  isFunction({ domain, opType }: NodeProto): boolean {
    return this.#model.functions.some((known) => known.domain === domain && known.name === opType);
  }

  /** Whether a name is that of a float32 constant. */
  isFloat(name: string): boolean {
    return this.#constants.get(name)?.dataType === DATA_TYPES.float32;
  }

  /** A float32 constant's numbers; nothing where the name is none. */
  floats(name: string | undefined): FloatConstant | undefined {
    const proto = name === undefined ? undefined : this.#constants.get(name);
    if (!proto || !this.isFloat(name!)) return undefined;
    const known = this.#decoded.get(name!);
    if (known) return known;
    const { shape, data } = decodeTensor(proto);
    const value = { shape, data: data as Float32Array };
    this.#decoded.set(name!, value);
    return value;
  }

  /** The same of a weight or bias that becomes whole numbers. @throws GraphError MODEL_INVALID where a number is not finite */
  finiteFloats(name: string | undefined): FloatConstant | undefined {
    const value = this.floats(name);
    if (value) requireFinite(name!, value.data);
    return value;
  }

  /** A name that nothing has. */
  fresh(base: string): string {
    let name = base;
    for (let i = 2; this.#names.has(name); i++) name = `${base}_${i}`;
    this.#names.add(name);
    return name;
  }

  /** Adds a constant. @returns its name */
  constant(base: string, dtype: DType, shape: readonly number[], data: TypedArray | readonly number[]): string {
    const numbers = Array.isArray(data) ? toTypedArray(dtype, data) : (data as TypedArray);
    const bytes = new Uint8Array(numbers.buffer as ArrayBuffer, numbers.byteOffset, numbers.byteLength);
    return this.rawConstant(base, DATA_TYPES[dtype]!, shape, bytes);
  }

  /** Adds a constant of any element type, given as bytes. What layers share is kept once. @returns its name */
  rawConstant(base: string, dataType: number, shape: readonly number[], rawData: Uint8Array<ArrayBuffer>): string {
    const added = this.#added.get(base) ?? [];
    const tensor = create(TensorProtoSchema, { dataType, dims: shape.map(BigInt), rawData });
    const same = added.find((known) => areSame(known, tensor));
    if (same) return same.name;
    tensor.name = this.fresh(base);
    this.#constants.set(tensor.name, tensor);
    this.#added.set(base, [...added, tensor]);
    return tensor.name;
  }

  /** Puts other numbers in a constant's place. */
  replaceConstant(name: string, dataType: number, rawData: Uint8Array<ArrayBuffer>): void {
    const { dims } = this.#constants.get(name)!;
    this.#constants.set(name, create(TensorProtoSchema, { name, dataType, dims, rawData }));
    this.#decoded.delete(name);
  }

  /** How often top-level nodes and the model's outputs ask for each value. */
  uses(): Map<string, number> {
    const counts = new Map<string, number>();
    const count = (name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
    for (const node of this.nodes) for (const name of [...node.input, ...innerNames(node)]) count(name);
    for (const name of this.outputs) count(name);
    return counts;
  }

  /** The file, without constants that nobody asks for. */
  finish(): Uint8Array {
    const { proto, graph } = this.#model;
    const used = this.uses();
    const held = new Set(this.nodes.filter((node) => constantOf(node)).map((node) => node.output[0]!));
    this.nodes = this.nodes.filter((node) => !constantOf(node) || used.has(node.output[0]!));
    const domains = new Set(proto.opsetImport.map(({ domain }) => domain));
    const opsetImport = [...proto.opsetImport];
    if (this.nodes.some(({ domain }) => domain === MICROSOFT) && !domains.has(MICROSOFT)) {
      opsetImport.push(create(OperatorSetIdProtoSchema, { domain: MICROSOFT, version: 1n }));
    }
    const initializer = [...this.#constants].flatMap(([name, tensor]) =>
      held.has(name) || !used.has(name) ? [] : [tensor],
    );
    // What has a value is no input: it could be fed in its old form. Older files had to list initializers there.
    const input = graph.input.filter(({ name }) => !this.#constants.has(name));
    const irVersion = proto.irVersion < NEW_INPUTS ? NEW_INPUTS : proto.irVersion;
    // Types of values in between have changed; ONNX Runtime finds them again.
    const changed = { ...graph, input, node: this.nodes, initializer, valueInfo: [], quantizationAnnotation: [] };
    return toBinary(ModelProtoSchema, { ...proto, irVersion, opsetImport, graph: changed });
  }
}

/** A new node, without a name: ONNX Runtime takes no two that are alike. Attributes are whole numbers, or lists of them. */
export function nodeOf(
  opType: string,
  input: readonly string[],
  output: readonly string[],
  attributes: Readonly<Record<string, number | readonly number[]>> = {},
  domain = "",
): NodeProto {
  const attribute = Object.entries(attributes).map(([name, value]) =>
    typeof value === "number"
      ? create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) })
      : create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: value.map(BigInt) }),
  );
  return create(NodeProtoSchema, {
    opType,
    input: [...input],
    output: [...output],
    attribute,
    domain,
  });
}

/** A node with other inputs or outputs. What it leaves to its prototype, as messages do with defaults, stays there. */
export function rewired(
  node: NodeProto,
  change: Partial<Pick<NodeProto, "input" | "output" | "attribute">>,
): NodeProto {
  return Object.assign(Object.create(Object.getPrototypeOf(node)), node, change);
}

/** A whole or real attribute of a node. */
export function numberAttribute(node: NodeProto, name: string, fallback: number): number {
  const found = node.attribute.find((attribute) => attribute.name === name);
  if (!found) return fallback;
  return found.type === AttributeType.FLOAT ? found.f : Number(found.i);
}

function areSame(a: TensorProto, b: TensorProto): boolean {
  if (a.dataType !== b.dataType || a.dims.join() !== b.dims.join() || a.rawData.length !== b.rawData.length)
    return false;
  return a.rawData.every((byte, i) => byte === b.rawData[i]);
}

/** All names of a graph, and of the branches and bodies inside of it. */
function namesIn(graph: GraphProto): string[] {
  return [
    ...[...graph.input, ...graph.output, ...graph.initializer].map(({ name }) => name),
    ...graph.sparseInitializer.map(({ values }) => values?.name ?? ""),
    ...graph.node.flatMap((node) => [...node.input, ...node.output]),
    ...graph.node.flatMap(subgraphsOf).flatMap(namesIn),
  ];
}

/** What branches and loops of a node ask for, from wherever it comes. */
export function innerNames(node: NodeProto): string[] {
  return subgraphsOf(node).flatMap((graph) => [
    ...graph.output.map(({ name }) => name),
    ...graph.node.flatMap((inner) => [...inner.input, ...innerNames(inner)]),
  ]);
}

function requireOpset({ opsets }: ParsedModel): void {
  const opset = opsets.get("") ?? 0;
  if (opset >= FIRST_OPSET) return;
  throw new GraphError("MODEL_UNSUPPORTED", `the model is of opset ${opset}; quantized ones need ${FIRST_OPSET}`, {
    value: opset,
    fix: "Export the model again with a newer opset, or convert it with onnx.version_converter.",
  });
}

function requireFloats(nodes: readonly NodeProto[]): void {
  const done = nodes.find((node) => QUANTIZED.test(operatorOf(node)));
  if (!done) return;
  throw new GraphError("MODEL_UNSUPPORTED", `the model is quantized already: it has a ${operatorOf(done)}`, {
    value: done.name,
    fix: "Quantize the float32 model that it was made of.",
  });
}

function requireFinite(name: string, data: Float32Array): void {
  const place = data.findIndex((value) => !Number.isFinite(value));
  if (place < 0) return;
  throw new GraphError("MODEL_INVALID", `weight ${name} is ${data[place]} at place ${place}`, {
    where: name,
    value: data[place],
    fix: "Train or export the model again: numbers that are none cannot be quantized.",
  });
}
