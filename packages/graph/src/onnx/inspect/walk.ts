import { TensorProto_DataLocation as DataLocation, type NodeProto, type TensorProto } from "onnx-buf";
import { createGraph } from "../../create.js";
import { GraphError } from "../../errors.js";
import type { Graph } from "../../graph.js";
import { sizeOf } from "../../shape.js";
import type { Node, Tensor, TensorType } from "../../tensor.js";
import { dtypeOf } from "../data-types.js";
import { canFold, LARGEST_FOLDED } from "../fold.js";
import { Importer } from "../importer.js";
import { operatorOf, type ParsedModel } from "../model.js";
import { neededPart } from "../order.js";
import { type DimensionBindings, probeConstants, type ShapeProbe } from "../shapes.js";
import { decodeTensor, type ExternalData } from "../tensors.js";
import { canConvert } from "../upgrade/index.js";
import { isFloatTensor, weightNames } from "../weights.js";
import { allNodes, fedInputs, nodeLabel, statedType, subgraphsOf } from "./facts.js";
import type { UnreadNode } from "./report.js";

/** Where a part of a model could not be read any more. */
export interface Origin {
  readonly node: NodeProto;
  readonly reason: string;
}

/** Why a node could not be read, and where the trouble began: there, or at a node before it. */
export interface Failure {
  readonly kind: UnreadNode["kind"];
  readonly reason: string;
  readonly origin: Origin;
}

/** A node of a file, and what became of it. */
export interface Step {
  readonly node: NodeProto;
  readonly inputs: readonly Tensor[];
  /** What the node became; nothing where its result is known, or where it failed. */
  readonly emitted: readonly Node[];
  readonly failure?: Failure;
  /** Values that stand in for the results of a node that failed, where their types are known. */
  readonly standIns: readonly Tensor[];
}

export interface Walk {
  readonly graph: Graph;
  readonly steps: readonly Step[];
  /** Values of the file by name, weights as parameters. */
  readonly values: ReadonlyMap<string, Tensor>;
}

export interface WalkOptions {
  /** A size for every open dimension of the inputs. */
  readonly dims: DimensionBindings;
  readonly externalData?: ExternalData | undefined;
  readonly shapesOf?: ShapeProbe | undefined;
}

/** Reads as much of a model as it can: a node that fails takes only those with it that need its unknown shapes. */
export class Walker {
  readonly #model: ParsedModel;
  readonly #options: WalkOptions;
  readonly #graph: Graph = createGraph();
  readonly #nodes: readonly NodeProto[];
  readonly #importer: Importer;
  readonly #fed: Tensor[] = [];
  readonly #stated: ReadonlyMap<string, TensorType>;
  /** Types that runs of the model have shown. */
  readonly #seen = new Map<string, TensorType | undefined>();
  /** Values that could not be computed, and where the trouble began. */
  readonly #failed = new Map<string, Origin>();
  #runs = true;
  #probed: ReturnType<typeof probeConstants> | undefined;

  constructor(model: ParsedModel, options: WalkOptions) {
    this.#model = model;
    this.#options = options;
    const { graph } = model;
    const given = new Set([...fedInputs(model).map(({ name }) => name), ...model.initializers.keys()]);
    const part = neededPart(graph, [...graph.output.map(({ name }) => name), ...capturedNames(model)], given);
    this.#nodes = part.nodes;
    this.#importer = new Importer({
      graph: this.#graph,
      model,
      part,
      trainable: new Set(),
      externalData: options.externalData,
      learn: options.shapesOf && (() => this.#probe()),
    });
    const stated = [...graph.valueInfo, ...graph.output].map(
      (info) => [info.name, statedType(info, options.dims)] as const,
    );
    this.#stated = new Map(stated.filter((entry): entry is [string, TensorType] => entry[1] !== undefined));
  }

  async walk(): Promise<Walk> {
    this.#declare();
    const steps: Step[] = [];
    for (const node of this.#nodes) steps.push(await this.#step(node));
    return { graph: this.#graph, steps, values: this.#importer.values };
  }

  /** Weights are declared without their numbers, and so is all that is too large to be worked with. */
  #declare(): void {
    const { initializers } = this.#model;
    const weights = new Set(weightNames(this.#model));
    for (const info of fedInputs(this.#model)) {
      const type = statedType(info, this.#options.dims);
      if (!type) continue;
      this.#importer.input(info.name, type);
      this.#fed.push(this.#importer.value(info.name));
    }
    for (const [name, tensor] of initializers) {
      const type = storedType(tensor);
      if (type && weights.has(name)) this.#importer.parameter(name, type);
      else if (type && !this.#isReadable(tensor, type)) this.#importer.input(name, type);
    }
  }

  #isReadable(tensor: TensorProto, { shape }: TensorType): boolean {
    const isHere = tensor.dataLocation !== DataLocation.EXTERNAL || this.#options.externalData !== undefined;
    return isHere && sizeOf(shape) <= LARGEST_FOLDED;
  }

  async #step(node: NodeProto): Promise<Step> {
    const before = this.#graph.nodes.length;
    const missing = node.input.find((name) => name !== "" && !this.#isKnown(name));
    const origin = missing === undefined ? undefined : this.#failed.get(missing);
    const problem = await this.#problem(node, missing);
    const inputs = [...node.input, ...capturedBy(node)].flatMap((name) => this.#importer.values.get(name) ?? []);
    if (problem === undefined) {
      return { node, inputs, emitted: this.#graph.nodes.slice(before), standIns: [] };
    }
    const failure: Failure = { ...problem, origin: origin ?? { node, reason: problem.reason } };
    const step = { node, inputs, emitted: [], failure, standIns: await this.#standIns(node) };
    for (const name of node.output) this.#failed.set(name, failure.origin);
    return step;
  }

  #isKnown(name: string): boolean {
    return this.#importer.values.has(name) || this.#model.initializers.has(name);
  }

  /** Carries a node over. @returns why it cannot be, if so */
  async #problem(node: NodeProto, missing: string | undefined): Promise<Omit<Failure, "origin"> | undefined> {
    const op = operatorOf(node);
    const { operators } = this.#graph;
    if (!operators.has(op) && !canConvert(op, operators) && !canFold(op)) {
      return { kind: "operator", reason: "graphs do not have this operator" };
    }
    if (missing !== undefined) return { kind: "follows", reason: followsOn(missing, this.#failed.get(missing)) };
    try {
      await this.#importer.node(node);
      return undefined;
    } catch (error) {
      if (!(error instanceof GraphError)) throw error;
      if (this.#giveNumbers(error)) return this.#problem(node, missing);
      // What our shape rules refuse, a run refuses too.
      if (error.code === "SHAPE_MISMATCH") this.#runs = false;
      return { kind: "refused", reason: error.message };
    }
  }

  /** Some weights turn out to be needed as numbers: they become constants. @returns whether there was one */
  #giveNumbers({ code, value }: GraphError): boolean {
    const tensor = code === "NOT_CONSTANT" ? this.#model.initializers.get(String(value)) : undefined;
    const known = tensor && this.#importer.values.get(tensor.name);
    if (!known || known.source.kind === "constant" || !this.#isReadable(tensor, known)) return false;
    const { dtype, shape, data } = decodeTensor(tensor, this.#options.externalData);
    this.#importer.values.set(tensor.name, this.#graph.constant(dtype, shape, data));
    return true;
  }

  /** Lets what follows a node that failed go on from the types that the file states, or that a run shows. */
  async #standIns(node: NodeProto): Promise<Tensor[]> {
    const names = node.output.filter((name) => name !== "" && !this.#importer.values.has(name));
    if (this.#runs && names.some((name) => !this.#stated.has(name))) await this.#probe();
    for (const name of names) {
      const type = this.#stated.get(name) ?? this.#seen.get(name);
      if (type) this.#importer.input(name, type);
    }
    return names.flatMap((name) => this.#importer.values.get(name) ?? []);
  }

  #probe(): ReturnType<typeof probeConstants> {
    const { shapesOf } = this.#options;
    const spy: ShapeProbe = async (bytes, feeds) => {
      const results: Awaited<ReturnType<ShapeProbe>> = shapesOf ? await shapesOf(bytes, feeds).catch(() => ({})) : {};
      for (const [name, { dtype, shape }] of Object.entries(results)) {
        const known = this.#seen.get(name);
        const agrees = !this.#seen.has(name) || known?.shape.join() === shape.join();
        this.#seen.set(name, agrees ? { dtype, shape } : undefined);
      }
      return results;
    };
    this.#probed ??= probeConstants(this.#model, this.#fed, spy);
    return this.#probed;
  }
}

function followsOn(name: string, origin: Origin | undefined): string {
  if (!origin) return `the shape of ${name} is not known`;
  return `it follows ${nodeLabel(origin.node)} (${operatorOf(origin.node)})`;
}

/** Half precision has the shapes of single precision. */
function storedType(tensor: TensorProto): TensorType | undefined {
  const dtype = dtypeOf(tensor.dataType) ?? (isFloatTensor(tensor) ? "float32" : undefined);
  const shape = tensor.dims.map(Number);
  return dtype && { dtype, shape };
}

/** Names that the graphs within a node take from outside. */
export function capturedBy(node: NodeProto): string[] {
  return subgraphsOf(node).flatMap((graph) => [
    ...allNodes(graph).flatMap(({ input }) => input),
    ...graph.output.map(({ name }) => name),
  ]);
}

function capturedNames({ graph }: ParsedModel): string[] {
  const computed = new Set(graph.node.flatMap(({ output }) => output));
  return [...new Set(graph.node.flatMap(capturedBy))].filter((name) => name !== "" && computed.has(name));
}
