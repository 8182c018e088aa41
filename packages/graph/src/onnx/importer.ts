import type { GraphProto, NodeProto } from "onnx-buf";
import { isFloat, type TypedArray } from "../dtype.js";
import { GraphError } from "../errors.js";
import type { Graph } from "../graph.js";
import type { Tensor, TensorType } from "../tensor.js";
import { decodeAttributes } from "./attributes.js";
import { checkOperators } from "./coverage.js";
import type { KnownValue } from "./data-types.js";
import { emitCall } from "./emit.js";
import { OPSET } from "./encode.js";
import { boundNode, calledKey, functionKey, functionScope } from "./function.js";
import { domainOf, operatorOf, type ParsedModel } from "./model.js";
import { Names } from "./names.js";
import { capturesOf, type NeededPart, neededPart } from "./order.js";
import { Scope, tensorOf, type Value } from "./scope.js";
import { constantOf, decodeStored, initializersOf, type StoredTensor } from "./stored.js";
import { structures } from "./structure/index.js";
import type { StructureCall } from "./structure/structure.js";
import type { ExternalData } from "./tensors.js";

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

/** Loops, functions and lists are unrolled: a small file can ask for any number of nodes. */
const MOST_UNROLLED = 20_000;

/** Carries a file's nodes into a graph, one by one, under their own names. */
export class Importer {
  readonly graph: Graph;
  readonly parameters: Record<string, TypedArray> = {};
  readonly #options: ImporterOptions;
  readonly #root: Scope;
  readonly #names: Names;
  readonly #functions: ReadonlyMap<string, ParsedModel["functions"][number]>;
  /** The file's names of parameters. */
  readonly #origins = new Map<Tensor, string>();
  /** Tensors of the file that were read, so that all rounds of a loop share them. */
  readonly #stored = new Map<StoredTensor, Tensor>();
  #unrolled = 0;
  #learned: Promise<ReadonlyMap<string, KnownValue>> | undefined;

  constructor(options: ImporterOptions) {
    this.#options = options;
    const { graph, model } = options;
    this.graph = graph;
    this.#names = new Names(graph, model.graph);
    this.#functions = new Map(model.functions.map((called) => [functionKey(called), called]));
    this.#root = new Scope({ initializers: model.initializers, opsets: model.opsets, depth: 0 });
  }

  /** Every value of the file that is in the graph, by the file's name for it. */
  get values(): ReadonlyMap<string, Tensor> {
    return this.#names.values;
  }

  /** Declares a value that is fed. */
  input(name: string, { dtype, shape }: TensorType): void {
    this.#define(name, this.graph.input(name, dtype, shape), this.#root);
  }

  /** Declares a value that is trained. */
  parameter(name: string, { dtype, shape }: TensorType): void {
    const tensor = this.graph.parameter(name, dtype, shape);
    this.#origins.set(tensor, name);
    this.#define(name, tensor, this.#root);
  }

  /** Whether a name stands for something: a value that is there, a list, or a tensor of the file. */
  knows(name: string): boolean {
    return this.#root.knows(name);
  }

  /** Returns a value from the graph. A constant steps aside: files return copies of constants. */
  output(name: string): void {
    const { graph } = this;
    const tensor = tensorOf(this.#value(name, this.#root)!);
    if (tensor.source.kind === "constant" && tensor.name === name) graph.rename(tensor, `${name}/constant`);
    graph.output(name, tensor);
  }

  /** Defines a value whose numbers are known. */
  constant(name: string, { dtype, shape, data }: KnownValue): void {
    this.#define(name, this.graph.constant(dtype, shape, data), this.#root);
  }

  async run(): Promise<void> {
    const { model, part } = this.#options;
    checkOperators(part.nodes, model.functions, this.graph.operators);
    for (const node of part.nodes) await this.node(node);
  }

  /** Which parameters, by the file's names, keep a value from being known that must be. */
  storedBehind(error: unknown): string[] {
    if (!(error instanceof GraphError) || error.code !== "NOT_CONSTANT") return [];
    const needed = new Set([String(error.value)]);
    for (const node of [...this.graph.nodes].reverse()) {
      if (node.outputs.some(({ name }) => needed.has(name)))
        for (const input of node.inputs) needed.add(input?.name ?? "");
    }
    return [...this.#origins].filter(([tensor]) => needed.has(tensor.name)).map(([, name]) => name);
  }

  /** Carries one node over, whose inputs are there. @throws GraphError at the file's node */
  async node(node: NodeProto): Promise<void> {
    const { learn, part } = this.#options;
    for (;;) {
      try {
        this.#emit(node, this.#root, part.used);
        return;
      } catch (error) {
        if (!(error instanceof GraphError)) throw error;
        const learned = learn && error.code === "NOT_CONSTANT" && (await this.#learn(error.value));
        if (!learned) throw error;
      }
    }
  }

  /** Replaces a value by what a run finds for it. */
  async #learn(tensorName: unknown): Promise<boolean> {
    const { graph } = this;
    const inputs = graph.inputs.filter(({ source }) => source.kind === "input");
    this.#learned ??= this.#options.learn!(inputs);
    const learned = await this.#learned;
    const names = this.#names.aliases(String(tensorName));
    const name = names.find((candidate) => learned.has(candidate));
    if (name === undefined) return false;
    const { dtype, shape, data } = learned.get(name)!;
    const constant = graph.constant(dtype, shape, data);
    for (const alias of names) {
      this.#root.set(alias, constant);
      this.#names.replace(alias, constant);
    }
    return true;
  }

  /** The value of a name that is an input, stored in the file, or computed by a node that is already there. */
  #value(name: string, scope: Scope): Value | undefined {
    const found = scope.find(name);
    if ("value" in found) return found.value;
    const tensor = this.#read(found.stored, name, found.scope);
    this.#define(name, tensor, found.scope);
    return tensor;
  }

  /** Reads a tensor of the file: a parameter where it is to be trained, or else a constant. */
  #read(stored: StoredTensor, name: string, scope: Scope): Tensor {
    const known = this.#stored.get(stored);
    if (known) return known;
    const { trainable, externalData } = this.#options;
    const { graph } = this;
    const { dtype, shape, data } = decodeStored(stored, externalData);
    const isTrained = trainable.has(name) && isFloat(dtype);
    const tensor = isTrained
      ? graph.parameter(this.#names.free(`${scope.prefix}${name}`, scope === this.#root), dtype, shape)
      : graph.constant(dtype, shape, data);
    if (isTrained) {
      this.parameters[tensor.name] = finite(name, data);
      this.#origins.set(tensor, name);
    }
    this.#stored.set(stored, tensor);
    return tensor;
  }

  #define(name: string, value: Value | undefined, scope: Scope): void {
    scope.set(name, value);
    if (value && !("items" in value)) this.#names.give(value, `${scope.prefix}${name}`, scope === this.#root);
  }

  #emit(proto: NodeProto, scope: Scope, used: ReadonlySet<string>): void {
    const node = boundNode(proto, scope);
    try {
      const before = this.graph.nodes.length;
      const results = this.#results(node, scope, used);
      this.#nameLast(node, scope, before);
      node.output.forEach((name, i) => {
        if (results[i] && name !== "") this.#define(name, results[i], scope);
        else if (used.has(name)) {
          throw new GraphError("MODEL_UNSUPPORTED", `${operatorOf(node)} has no output ${i}`, { value: name });
        }
      });
    } catch (error) {
      throw error instanceof GraphError ? located(error, node) : error;
    }
  }

  /** The node that gives a result goes by the file's name, but for those of bodies and functions, which name their own. */
  #nameLast(node: NodeProto, { prefix }: Scope, before: number): void {
    const last = this.graph.nodes.at(-1);
    const isOwn = !structures.has(operatorOf(node)) && !this.#functions.has(calledKey(node));
    if (last && isOwn && node.name && this.graph.nodes.length > before) {
      this.graph.renameNode(last, `${prefix}${node.name}`);
    }
  }

  #results(node: NodeProto, scope: Scope, used: ReadonlySet<string>): readonly (Value | undefined)[] {
    const { externalData } = this.#options;
    const { graph } = this;
    const stored = constantOf(node);
    if (stored) return [this.#read(stored, node.output[0]!, scope)];
    const inputs = node.input.map((name) => (name === "" ? undefined : this.#value(name, scope)));
    const called = this.#functions.get(calledKey(node));
    if (called) {
      return this.#runNodes(called.node, called.output, functionScope(called, node, inputs, scope), called.input);
    }
    const op = operatorOf(node);
    const opset = scope.options.opsets.get(domainOf(node.domain)) ?? 1;
    const attributes = decodeAttributes(node.attribute, externalData);
    const structure = structures.get(op);
    if (structure) return structure.expand(this.#structureCall(node, { op, opset, inputs, attributes }, scope));
    const tensors = inputs.map((input) => input && tensorOf(input));
    const isUsed = node.output.map((name) => name !== "" && used.has(name));
    return emitCall({ graph, op, opset, inputs: tensors, attributes, used: isUsed });
  }

  #structureCall(
    node: NodeProto,
    call: Pick<StructureCall, "op" | "opset" | "inputs" | "attributes">,
    scope: Scope,
  ): StructureCall {
    const { graph } = this;
    return {
      ...call,
      graph,
      outputCount: node.output.length,
      emit: (name, inputs, attributes = {}) =>
        emitCall({ graph, op: name, opset: OPSET, inputs, attributes, used: [true] })[0]!,
      unroll: (nodes) => this.#unroll(nodes),
      run: (body, inputs, label) => {
        const prefix = label === undefined ? "" : `${node.name || node.output[0]}/${label}/`;
        return this.#runBody(body, inputs, scope, `${scope.prefix}${prefix}`);
      },
    };
  }

  #runBody(body: GraphProto, inputs: readonly Value[], parent: Scope, prefix: string): readonly Value[] {
    const { opsets, attributes, depth } = parent.options;
    if (body.input.length !== inputs.length) {
      throw new GraphError(
        "MODEL_INVALID",
        `graph ${body.name} takes ${body.input.length} values, got ${inputs.length}`,
      );
    }
    const initializers = initializersOf(body);
    const own = { initializers, opsets, prefix, parent, depth: depth + 1, ...(attributes ? { attributes } : {}) };
    const scope = new Scope(own);
    body.input.forEach(({ name }, i) => {
      scope.set(name, inputs[i]);
    });
    const roots = body.output.map(({ name }) => name);
    return this.#runNodes(body.node, roots, scope, [
      ...capturesOf(body),
      ...initializers.keys(),
      ...body.input.map(({ name }) => name),
    ]) as readonly Value[];
  }

  #unroll(nodes: number): void {
    this.#unrolled += nodes;
    if (this.#unrolled <= MOST_UNROLLED) return;
    throw new GraphError("MODEL_UNSUPPORTED", `loops, functions and lists make more than ${MOST_UNROLLED} nodes`, {
      value: this.#unrolled,
      fix: "Cut the model before them with the option until.",
    });
  }

  /** Runs what some values of a body need. */
  #runNodes(
    nodes: readonly NodeProto[],
    roots: readonly string[],
    scope: Scope,
    given: Iterable<string>,
  ): readonly (Value | undefined)[] {
    const part = neededPart({ node: [...nodes] }, roots, new Set(given));
    this.#unroll(1 + part.nodes.length);
    for (const node of part.nodes) this.#emit(node, scope, part.used);
    return roots.map((name) => this.#value(name, scope));
  }
}

/** Training cannot start from weights that are no numbers. */
function finite(name: string, data: TypedArray): TypedArray {
  const wrong = data.findIndex((value: number | bigint) => !Number.isFinite(Number(value)));
  if (wrong < 0) return data;
  throw new GraphError("MODEL_INVALID", `${name} cannot be trained: its value ${wrong} is ${data[wrong]}`, {
    value: data[wrong],
    fix: "Leave it out of the option trainable, or repair the file.",
  });
}

/** Errors that say already at which node of the file they arose. */
const placed: WeakSet<GraphError> = new WeakSet();

/** The same error, at the file's node. */
function located(error: GraphError, node: NodeProto): GraphError {
  const here = `node ${node.name || node.output[0]} (${operatorOf(node)})`;
  const located = new GraphError(error.code, error.message, {
    where: placed.has(error) ? `${error.where} in ${here}` : here,
    value: error.value,
    cause: error,
    ...(error.fix ? { fix: error.fix } : {}),
  });
  placed.add(located);
  return located;
}
