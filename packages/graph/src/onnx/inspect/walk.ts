import type { NodeProto } from "onnx-buf";
import { createGraph } from "../../create.js";
import { isFloat } from "../../dtype.js";
import { GraphError } from "../../errors.js";
import type { Graph } from "../../graph.js";
import { sizeOf } from "../../shape.js";
import type { Node, Tensor, TensorType } from "../../tensor.js";
import { checkOperators } from "../coverage.js";
import { dtypeOf } from "../data-types.js";
import { LARGEST_FOLDED } from "../fold.js";
import { Importer } from "../importer.js";
import { operatorOf, type ParsedModel, subgraphsOf } from "../model.js";
import { neededPart } from "../order.js";
import { type DimensionBindings, probeConstants, type ShapeProbe } from "../shapes.js";
import type { ExternalData } from "../tensors.js";
import { weightNames } from "../trainable.js";
import { allNodes, fedInputs, nodeLabel, type StoredFacts, statedType, storedFacts } from "./facts.js";
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
export async function walkModel(model: ParsedModel, options: WalkOptions): Promise<Walk> {
  const numbers = new Set<string>();
  for (;;) {
    try {
      return await new Walker(model, options, numbers).walk();
    } catch (error) {
      if (!(error instanceof NumbersNeeded)) throw error;
    }
  }
}

/** Reading must begin anew, with some weights as constants. */
class NumbersNeeded extends Error {}

class Walker {
  readonly #model: ParsedModel;
  readonly #options: WalkOptions;
  readonly #numbers: Set<string>;
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

  /** @param numbers weights that are read as constants; those that turn out to be needed so are added */
  constructor(model: ParsedModel, options: WalkOptions, numbers: Set<string>) {
    this.#model = model;
    this.#options = options;
    this.#numbers = numbers;
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
    const weights = weightNames(this.#model);
    for (const info of fedInputs(this.#model)) {
      const type = statedType(info, this.#options.dims);
      if (!type) continue;
      this.#importer.input(info.name, type);
      this.#fed.push(this.#importer.values.get(info.name)!);
    }
    for (const [name, stored] of initializers) {
      const facts = storedFacts(stored);
      const dtype = dtypeOf(facts.dataType);
      if (!dtype) continue;
      const type = { dtype, shape: facts.shape };
      if (this.#numbers.has(name)) continue;
      if (weights.has(name) && isFloat(dtype)) this.#importer.parameter(name, type);
      else if (!this.#isReadable(facts)) this.#importer.input(name, type);
    }
  }

  #isReadable({ isExternal, shape }: StoredFacts): boolean {
    return (!isExternal || this.#options.externalData !== undefined) && sizeOf(shape) <= LARGEST_FOLDED;
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
    return this.#importer.knows(name);
  }

  /** Carries a node over. @returns why it cannot be, if so */
  async #problem(node: NodeProto, missing: string | undefined): Promise<Omit<Failure, "origin"> | undefined> {
    const lacking = this.#lacks(node);
    if (lacking !== undefined) return { kind: "operator", reason: lacking };
    if (missing !== undefined) return { kind: "follows", reason: followsOn(missing, this.#failed.get(missing)) };
    try {
      await this.#importer.node(node);
      return undefined;
    } catch (error) {
      if (!(error instanceof GraphError)) throw error;
      this.#noteNeeded(error);
      // What our shape rules refuse, a run refuses too.
      if (error.code === "SHAPE_MISMATCH") this.#runs = false;
      return { kind: "refused", reason: error.message };
    }
  }

  #lacks(node: NodeProto): string | undefined {
    try {
      checkOperators([node], this.#model.functions, this.#graph.operators);
      return undefined;
    } catch (error) {
      if (!(error instanceof GraphError)) throw error;
      return operatorOf(node) in (error.value as object) ? "graphs do not have this operator" : error.message;
    }
  }

  /** Some weights turn out to be needed as numbers, as they or what is computed from them decide shapes. */
  #noteNeeded(error: GraphError): void {
    const needed = this.#importer.storedBehind(error).filter((name) => {
      const stored = this.#model.initializers.get(name);
      return stored !== undefined && !this.#numbers.has(name) && this.#isReadable(storedFacts(stored));
    });
    for (const name of needed) this.#numbers.add(name);
    if (needed.length > 0) throw new NumbersNeeded();
  }

  /** Lets what follows a node that failed go on from the types that the file states, or that a run shows. */
  async #standIns(node: NodeProto): Promise<Tensor[]> {
    const names = node.output.filter((name) => name !== "" && !this.#importer.knows(name));
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
