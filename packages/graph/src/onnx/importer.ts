import type { NodeProto } from "onnx-buf";
import { isFloat, type TypedArray } from "../dtype.js";
import { GraphError } from "../errors.js";
import type { Graph } from "../graph.js";
import type { Tensor, TensorType } from "../tensor.js";
import { decodeAttributes, toAttributes } from "./attributes.js";
import type { Call } from "./call.js";
import type { KnownValue } from "./data-types.js";
import { canFold, fold } from "./fold.js";
import { operatorOf, opsetOf, type ParsedModel } from "./model.js";
import type { NeededPart } from "./order.js";
import { decodeTensor, type ExternalData } from "./tensors.js";
import { canConvert, convert } from "./upgrade/index.js";

/** What an import needs to know besides the file. */
export interface ImporterOptions {
  readonly graph: Graph;
  readonly model: ParsedModel;
  readonly part: NeededPart;
  readonly trainable: ReadonlySet<string>;
  readonly externalData: ExternalData | undefined;
  /** Values that a run of the model finds not to depend on what is fed. */
  readonly learn: ((inputs: readonly Tensor[]) => Promise<ReadonlyMap<string, KnownValue>>) | undefined;
}

/** Carries a file's nodes into a graph, one by one, under their own names. */
export class Importer {
  readonly values: Map<string, Tensor> = new Map();
  readonly parameters: Record<string, TypedArray> = {};
  readonly #options: ImporterOptions;
  /** Names that the file itself gave to values that are in the graph. */
  readonly #named = new Set<Tensor>();
  #learned: Promise<ReadonlyMap<string, KnownValue>> | undefined;

  constructor(options: ImporterOptions) {
    this.#options = options;
    const { graph, model } = options;
    const names = model.graph.node.flatMap((node) => node.output);
    graph.reserve([...names, ...model.initializers.keys(), ...model.graph.input.map(({ name }) => name)]);
  }

  /** Declares a value that is fed. */
  input(name: string, { dtype, shape }: TensorType): void {
    this.#define(name, this.#options.graph.input(name, dtype, shape));
  }

  /** Declares a value that is trained. */
  parameter(name: string, { dtype, shape }: TensorType): void {
    this.#define(name, this.#options.graph.parameter(name, dtype, shape));
  }

  /** Returns a value from the graph. A constant steps aside: files return copies of constants. */
  output(name: string): void {
    const { graph } = this.#options;
    const tensor = this.value(name);
    if (tensor.source.kind === "constant" && tensor.name === name) graph.rename(tensor, `${name}/constant`);
    graph.output(name, tensor);
  }

  /** Defines a value whose numbers are known. */
  constant(name: string, { dtype, shape, data }: KnownValue): void {
    this.#define(name, this.#options.graph.constant(dtype, shape, data));
  }

  /** The value of a name that is an input, an initializer, or computed by a node that is already there. */
  value(name: string): Tensor {
    const known = this.values.get(name);
    if (known) return known;
    const { model, trainable, externalData } = this.#options;
    const initializer = model.initializers.get(name);
    if (!initializer) throw new GraphError("MODEL_INVALID", `value ${name} is defined nowhere`, { value: name });
    const value = decodeTensor(initializer, externalData);
    if (trainable.has(name) && isFloat(value.dtype)) {
      this.parameter(name, value);
      this.parameters[name] = value.data;
    } else this.constant(name, value);
    return this.values.get(name)!;
  }

  async run(): Promise<void> {
    this.#checkOperators();
    for (const node of this.#options.part.nodes) await this.node(node);
  }

  /** Lists everything that graphs do not have at once, rather than the first of it. */
  #checkOperators(): void {
    const { graph, part } = this.#options;
    const counts = new Map<string, number>();
    for (const node of part.nodes) {
      const op = operatorOf(node);
      if (!graph.operators.has(op) && !canConvert(op, graph.operators) && !canFold(op))
        counts.set(op, (counts.get(op) ?? 0) + 1);
    }
    if (counts.size === 0) return;
    const list = [...counts].map(([op, count]) => `${op} (${count})`).join(", ");
    throw new GraphError("MODEL_UNSUPPORTED", `the model uses operators that graphs do not have: ${list}`, {
      value: Object.fromEntries(counts),
      fix: "Cut the model before them with the option until, or keep it whole as a teacher.",
    });
  }

  /** Carries one node over, whose inputs are there. @throws GraphError at the file's node */
  async node(node: NodeProto): Promise<void> {
    const { learn } = this.#options;
    for (;;) {
      try {
        this.#emit(node);
        return;
      } catch (error) {
        if (!(error instanceof GraphError)) throw error;
        const learned = learn && error.code === "NOT_CONSTANT" && (await this.#learn(error.value));
        if (!learned) throw located(error, node);
      }
    }
  }

  /** Replaces a value by what a run finds for it. */
  async #learn(tensorName: unknown): Promise<boolean> {
    const inputs = this.#options.graph.inputs.filter(({ source }) => source.kind === "input");
    this.#learned ??= this.#options.learn!(inputs);
    const learned = await this.#learned;
    const names = [...this.values].filter(([, tensor]) => tensor.name === tensorName).map(([name]) => name);
    const name = names.find((candidate) => learned.has(candidate));
    if (name === undefined) return false;
    const { dtype, shape, data } = learned.get(name)!;
    const constant = this.#options.graph.constant(dtype, shape, data);
    for (const alias of names) this.values.set(alias, constant);
    return true;
  }

  #emit(node: NodeProto): void {
    const { model, graph, part, externalData } = this.#options;
    const inputs = node.input.map((name) => (name === "" ? undefined : this.value(name)));
    const call: Call = {
      graph,
      op: operatorOf(node),
      opset: opsetOf(model, node),
      inputs,
      attributes: decodeAttributes(node.attribute, externalData),
      used: node.output.map((name) => name !== "" && part.used.has(name)),
    };
    const before = graph.nodes.length;
    const results = emitCall(convert(call), graph);
    const last = graph.nodes.at(-1);
    if (last && node.name !== "" && graph.nodes.length > before) graph.renameNode(last, node.name);
    node.output.forEach((name, i) => {
      const result = results[i];
      if (result && name !== "") this.#define(name, result);
      else if (part.used.has(name)) {
        throw new GraphError("MODEL_UNSUPPORTED", `${call.op} has no output ${i}`, { value: name });
      }
    });
  }

  /** A value that stands for several of the file's goes by the first name. */
  #define(name: string, tensor: Tensor): void {
    this.values.set(name, tensor);
    if (this.#named.has(tensor)) return;
    this.#named.add(tensor);
    this.#options.graph.rename(tensor, name);
  }
}

function emitCall(converted: Call | readonly Tensor[], graph: Graph): readonly Tensor[] {
  if (!("op" in converted)) return converted;
  const folded = fold(converted);
  if (folded) return folded.map(({ dtype, shape, data }) => graph.constant(dtype, shape, data));
  const inputs = [...converted.inputs];
  while (inputs.length > 0 && inputs.at(-1) === undefined) inputs.pop();
  const operator = graph.operators.get(converted.op);
  if (operator) return graph.emit(converted.op, inputs, toAttributes(operator, converted.attributes));
  const open = inputs.find((input) => input && input.source.kind !== "constant");
  if (open && !isFloat(open.dtype) && canFold(converted.op)) {
    throw new GraphError("NOT_CONSTANT", `${converted.op} needs ${open.name} when the graph is built`, {
      value: open.name,
      fix: "Give the option shapesOf, or fix the input with the option freeze.",
    });
  }
  throw new GraphError("MODEL_UNSUPPORTED", `the model uses operators that graphs do not have: ${converted.op}`, {
    value: { [converted.op]: 1 },
  });
}

/** The same error, at the file's node. */
function located(error: GraphError, node: NodeProto): GraphError {
  return new GraphError(error.code, error.message, {
    where: `node ${node.name || node.output[0]} (${operatorOf(node)})`,
    value: error.value,
    cause: error,
    ...(error.fix ? { fix: error.fix } : {}),
  });
}
