import { type DType, type TypedArray, toTypedArray } from "./dtype.js";
import { GraphError } from "./errors.js";
import type { AttributeKind, InferContext, Operator, OperatorTable } from "./operator.js";
import type { ExecutionProvider } from "./provider.js";
import { formatShape, type Shape, sizeOf } from "./shape.js";
import {
  type Attribute,
  type Attributes,
  type Node,
  type RandomFill,
  Tensor,
  type TensorSource,
  type TensorType,
} from "./tensor.js";

/** What is rarely needed of a node. */
export interface EmitOptions {
  /** The reverse walk stops here. Default `false`. */
  readonly detached?: boolean;
  /** Number of outputs, for operators with optional ones. */
  readonly outputCount?: number | undefined;
  /** A node of another graph whose name and names of outputs this one takes over. Default: names are made up. */
  readonly as?: NamesOfNode;
}

/** What a node and its outputs are called. */
export interface NamesOfNode {
  readonly name: string;
  readonly outputs: readonly { readonly name: string }[];
}

/** A directed graph of operators in topological order, built node by node; every node is checked as it is added. */
export class Graph {
  readonly operators: OperatorTable;
  readonly nodes: Node[] = [];
  /** Inputs, parameters and random inputs, in the order in which they were declared. */
  readonly inputs: Tensor[] = [];
  readonly constants: Tensor[] = [];
  /** What the graph returns, by name. */
  readonly outputs: Map<string, Tensor> = new Map();
  readonly #names = new Set<string>();
  readonly #reserved = new Set<string>();
  readonly #counters = new Map<string, number>();
  readonly #scalars = new Map<string, Tensor>();
  readonly #shared = new Map<string, Tensor>();

  /** What the graph will run on; see {@link Operator.lowerings}. */
  readonly provider: ExecutionProvider;

  constructor(operators: OperatorTable, provider: ExecutionProvider = "cpu") {
    this.operators = operators;
    this.provider = provider;
  }

  /** Declares a value that is fed at every run. */
  input(name: string, dtype: DType, shape: Shape): Tensor {
    return this.#declare(name, { dtype, shape }, { kind: "input" });
  }

  /** Declares a trainable value: an input and an output of a training graph, an initializer of an exported one. */
  parameter(name: string, dtype: DType, shape: Shape): Tensor {
    return this.#declare(name, { dtype, shape }, { kind: "parameter" });
  }

  /** Declares a value that the runtime draws anew for each step, from the run's seed and the step's number. */
  random(dtype: DType, shape: Shape, fill: RandomFill): Tensor {
    return this.#declare(this.#fresh("random"), { dtype, shape }, { kind: "random", fill });
  }

  /** A constant of any shape; the values are copied. @param name made up by default */
  constant(dtype: DType, shape: Shape, values: TypedArray | readonly number[], name?: string): Tensor {
    const data = toTypedArray(dtype, values).slice();
    if (data.length !== sizeOf(shape)) {
      throw new GraphError("SHAPE_MISMATCH", `${data.length} values do not fill ${formatShape(shape)}`, {
        value: shape,
      });
    }
    const tensor = new Tensor(
      this,
      this.#take(name ?? this.#fresh("const")),
      { dtype, shape: [...shape] },
      { kind: "constant", data },
    );
    this.constants.push(tensor);
    return tensor;
  }

  /** A scalar constant; equal ones are shared. */
  scalar(value: number, dtype: DType = "float32"): Tensor {
    const key = `${dtype}:${Object.is(value, -0) ? "-0" : value}`;
    const known = this.#scalars.get(key);
    if (known) return known;
    const tensor = this.constant(dtype, [], [value]);
    this.#scalars.set(key, tensor);
    return tensor;
  }

  /** A constant that is made once, at its first use, and shared by all who ask for the same key. */
  shared(key: string, make: () => Tensor): Tensor {
    const known = this.#shared.get(key) ?? make();
    this.#shared.set(key, known);
    return known;
  }

  /** A one-dimensional int64 constant, as ONNX wants for shapes and axes. */
  ints(values: readonly number[]): Tensor {
    return this.constant("int64", [values.length], values);
  }

  /**
   * Adds a node and returns its outputs.
   * @throws GraphError when the operator is unknown or its inputs, attributes, types or shapes do not fit.
   */
  emit(
    op: string,
    inputs: readonly (Tensor | undefined)[],
    attributes: Attributes = {},
    { detached = false, outputCount, as }: EmitOptions = {},
  ): Tensor[] {
    const operator = this.operators.get(op);
    if (!operator) throw new GraphError("OPERATOR_UNKNOWN", `unknown operator ${op}`, { value: op });
    const name = as?.name ?? this.#fresh(op.toLowerCase());
    for (const tensor of inputs) {
      if (tensor && tensor.graph !== this) {
        throw new GraphError("TENSOR_FOREIGN", `${tensor.name} belongs to another graph`, { where: `${op} ${name}` });
      }
    }
    const types = inferNode(operator, name, { inputs, attributes, outputCount });
    const lowered = operator.lowerings?.[this.provider]?.({ inputs, attributes, outputCount });
    if (lowered)
      return detached ? lowered.flatMap((value) => this.emit("Identity", [value], {}, { detached })) : lowered;
    const outputs: Tensor[] = [];
    const node = { name, op, inputs: [...inputs], outputs, attributes: { ...attributes }, detached, outputCount };
    types.forEach((type, index) => {
      const outputName = this.#take(as?.outputs[index]?.name ?? (types.length === 1 ? name : `${name}.${index}`));
      outputs.push(new Tensor(this, outputName, type, { kind: "node", node, index }));
    });
    this.nodes.push(node);
    return outputs;
  }

  /**
   * Takes over what no node computes (inputs, parameters, constants) from another graph; numbers are shared.
   * @param name its own by default
   */
  adopt(tensor: Tensor, name: string = tensor.name): Tensor {
    const { source } = tensor;
    if (source.kind === "node") {
      throw new GraphError("TENSOR_FOREIGN", `${name} is computed by a node of another graph`, { value: name });
    }
    const adopted = new Tensor(this, this.#take(name), tensor, source);
    (source.kind === "constant" ? this.constants : this.inputs).push(adopted);
    return adopted;
  }

  /** Adds a node of another graph under its own names. @param inputs what stands for its inputs in this graph */
  repeat(node: Node, inputs: readonly (Tensor | undefined)[]): Tensor[] {
    const { op, attributes, detached, outputCount } = node;
    return this.emit(op, inputs, attributes, { detached, outputCount, as: node });
  }

  /** Marks a value as returned under a name, which no other value may have. @throws GraphError NAME_TAKEN */
  output(name: string, tensor: Tensor): void {
    const isOwnName = tensor.name === name && tensor.source.kind === "node" && !this.outputs.has(name);
    if (!isOwnName) this.#take(name);
    this.outputs.set(name, tensor);
  }

  /** Keeps names that will be given later from being made up for other values. */
  reserve(names: Iterable<string>): void {
    for (const name of names) this.#reserved.add(name);
  }

  /** Gives a value another name. Names are how a finished graph is fed and read: rename before it is compiled. */
  rename(tensor: Tensor, name: string): void {
    if (tensor.name === name) return;
    this.#take(name);
    this.#names.delete(tensor.name);
    (tensor as { name: string }).name = name;
  }

  /** Gives a node another name: what errors, profiles and files call it. Nodes may share a name. */
  renameNode(node: Node, name: string): void {
    (node as { name: string }).name = name;
  }

  #declare(name: string, type: TensorType, source: TensorSource): Tensor {
    const wrong = type.shape.find((dim) => !Number.isInteger(dim) || dim < 0);
    if (wrong !== undefined) {
      throw new GraphError("SHAPE_MISMATCH", `${name} has a dimension of size ${wrong}`, { value: type.shape });
    }
    const tensor = new Tensor(this, this.#take(name), { dtype: type.dtype, shape: [...type.shape] }, source);
    this.inputs.push(tensor);
    return tensor;
  }

  #take(name: string): string {
    if (name === "") throw new GraphError("NAME_TAKEN", "a name must not be empty", { value: name });
    if (this.#names.has(name)) throw new GraphError("NAME_TAKEN", `name ${name} exists already`, { value: name });
    this.#names.add(name);
    return name;
  }

  #fresh(prefix: string): string {
    for (;;) {
      const count = (this.#counters.get(prefix) ?? 0) + 1;
      this.#counters.set(prefix, count);
      const name = `${prefix}_${count}`;
      if (!this.#names.has(name) && !this.#reserved.has(name)) return name;
    }
  }
}

/** Runs an operator's checks and shape rule; errors name the node, the operator and the shapes. */
export function inferNode(operator: Operator, name: string, context: InferContext): readonly TensorType[] {
  const { inputs, attributes } = context;
  try {
    checkInputCount(operator, inputs);
    checkAttributes(operator, attributes);
    const dtype = inputs[0]?.dtype;
    if (dtype && operator.accepts?.(dtype) === false) throw new GraphError("DTYPE_MISMATCH", `does not take ${dtype}`);
    return operator.infer(context);
  } catch (error) {
    if (!(error instanceof GraphError)) throw error;
    const operands = inputs.map((input) => (input ? `${input.name}: ${input.dtype}${formatShape(input.shape)}` : "-"));
    throw new GraphError(error.code, `${operator.name}(${operands.join(", ")}): ${error.message}`, {
      where: `node ${name}`,
      value: error.value,
      cause: error,
      ...(error.fix ? { fix: error.fix } : {}),
    });
  }
}

function checkInputCount(operator: Operator, inputs: readonly unknown[]): void {
  const [fewest, most] = operator.inputs;
  if (inputs.length < fewest || inputs.length > most) {
    const range = fewest === most ? `${fewest}` : `${fewest} to ${most}`;
    throw new GraphError("INPUT_COUNT", `takes ${range} inputs, got ${inputs.length}`, { value: inputs.length });
  }
}

function checkAttributes(operator: Operator, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    const kinds = operator.attributes ?? {};
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (!kind) throw new GraphError("ATTRIBUTE_INVALID", `has no attribute ${name}`, { value: name });
    const fits = isKind(kind, value);
    if (!fits) throw new GraphError("ATTRIBUTE_INVALID", `attribute ${name} must be ${kind}`, { value });
  }
}

function isKind(kind: AttributeKind, value: Attribute): boolean {
  if (kind === "string" || kind === "dtype") return typeof value === "string";
  if (kind === "strings") return Array.isArray(value) && value.every((v) => typeof v === "string");
  const values = kind === "ints" || kind === "floats" ? value : [value];
  if (!Array.isArray(values)) return false;
  return values.every((v) => typeof v === "number" && (kind.startsWith("float") || Number.isInteger(v)));
}
