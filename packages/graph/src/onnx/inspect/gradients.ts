import { isFloat } from "../../dtype.js";
import { TypedError } from "../../errors.js";
import type { Graph } from "../../graph.js";
import { sizeOf } from "../../shape.js";
import type { Node, Tensor } from "../../tensor.js";
import { operatorOf } from "../model.js";
import { nodeLabel } from "./facts.js";
import type { Obstacle } from "./report.js";
import type { Origin, Step, Walk } from "./walk.js";

/** Where gradients would get to that start at all outputs of a model. */
export interface GradientReach {
  readonly reached: ReadonlySet<Tensor>;
  /** Weights on whose way to the outputs some node has no gradient. */
  readonly blocked: ReadonlySet<Tensor>;
  readonly obstacles: readonly Obstacle[];
}

/** A node through which a gradient is wanted and cannot get; nodes that failed together count as the first of them. */
interface Stop extends Origin {
  readonly inputs: readonly Tensor[];
}

/** Asks the gradient rule of every node between weights and outputs, in a graph that is not used for anything else. */
export function gradientReach(walk: Walk, outputs: readonly Tensor[]): GradientReach {
  const weights = new Set(walk.graph.inputs.filter(({ source }) => source.kind === "parameter"));
  const dependent = dependents(walk, weights);
  const reached = new Set(outputs.filter(({ dtype }) => isFloat(dtype)));
  const [stops, ends]: [Stop[], Stop[]] = [[], []];
  for (const step of [...walk.steps].reverse()) {
    const lost = step.failure && lostInputs(step, dependent, reached);
    if (lost && lost.length > 0) stops.push({ ...step.failure!.origin, inputs: lost });
    for (const node of [...step.emitted].reverse()) {
      const inputs = node.inputs.filter((input) => input !== undefined && isFloat(input.dtype) && dependent.has(input));
      if (inputs.length === 0) continue;
      const stop = { node: step.node, inputs: inputs as Tensor[] };
      if (!node.outputs.some((output) => reached.has(output))) {
        if (!node.outputs.some(({ dtype }) => isFloat(dtype)))
          ends.push({ ...stop, reason: whyFlat(walk.graph, node) });
        continue;
      }
      const result = tryRule(walk.graph, node, new Set(stop.inputs), reached);
      if (typeof result === "string") stops.push({ ...stop, reason: result });
      else if (result.length === 0) ends.push({ ...stop, reason: whyFlat(walk.graph, node) });
      else for (const input of result) reached.add(input);
    }
  }
  const behind = new Ancestors(walk, weights);
  const all = grouped(stops, (group) => behind.of(group));
  const silent = grouped(ends, (group) => [...behind.of(group)].filter((weight) => !reached.has(weight)));
  const obstacles = [...all, ...silent.filter(({ blocks }) => blocks > 0)];
  return { reached, blocked: behind.of(stops), obstacles };
}

/** What a node that failed keeps gradients from; what it does with the outputs is not known unless its results stand. */
function lostInputs(step: Step, dependent: ReadonlySet<Tensor>, reached: ReadonlySet<Tensor>): Tensor[] {
  const matters = step.standIns.length === 0 || step.standIns.some((tensor) => reached.has(tensor));
  return matters ? step.inputs.filter((input) => dependent.has(input)) : [];
}

/** Why gradients end at a node without its being an error to ask for them. */
function whyFlat(graph: Graph, { op }: Node): string {
  const { gradient } = graph.operators.get(op)!;
  return typeof gradient === "string" ? gradient : "its result does not change smoothly";
}

function dependents(walk: Walk, weights: ReadonlySet<Tensor>): Set<Tensor> {
  const dependent = new Set(weights);
  for (const step of walk.steps) {
    if (step.inputs.some((input) => dependent.has(input))) for (const tensor of step.standIns) dependent.add(tensor);
    for (const { inputs, outputs } of step.emitted) {
      if (inputs.some((input) => input && dependent.has(input))) for (const output of outputs) dependent.add(output);
    }
  }
  return dependent;
}

/** @returns the inputs that a gradient gets to, or why none does */
function tryRule(
  graph: Graph,
  node: Node,
  wanted: ReadonlySet<Tensor>,
  reached: ReadonlySet<Tensor>,
): Tensor[] | string {
  const { gradient } = graph.operators.get(node.op)!;
  if (typeof gradient === "string") return gradient;
  const standIn = ({ dtype, shape }: Tensor) => graph.input(`gradient/${graph.inputs.length}`, dtype, shape);
  const outputGradients = node.outputs.map((output) => (reached.has(output) ? standIn(output) : undefined));
  const inputs = node.inputs as readonly Tensor[];
  const wants = inputs.map((input) => wanted.has(input));
  try {
    const results = gradient({
      node,
      inputs,
      outputs: node.outputs,
      outputGradients,
      wants,
      asked: wanted,
      again: false,
    });
    const lacking = wants.findIndex((isWanted, i) => isWanted && results[i] === undefined);
    if (lacking >= 0) return `it has none for input ${lacking}, ${inputs[lacking]!.name}`;
    return inputs.filter((_, i) => wants[i] && results[i] !== "zero");
  } catch (error) {
    if (error instanceof TypedError) return error.message;
    throw error;
  }
}

/** Finds the weights on which values depend. */
class Ancestors {
  readonly #weights: ReadonlySet<Tensor>;
  readonly #sources = new Map<Tensor, readonly (Tensor | undefined)[]>();

  constructor({ steps }: Walk, weights: ReadonlySet<Tensor>) {
    this.#weights = weights;
    for (const { inputs, emitted, standIns } of steps) {
      for (const tensor of standIns) this.#sources.set(tensor, inputs);
      for (const node of emitted) for (const output of node.outputs) this.#sources.set(output, node.inputs);
    }
  }

  of(stops: readonly Stop[]): Set<Tensor> {
    const seen = new Set(stops.flatMap(({ inputs }) => inputs));
    for (const tensor of seen) {
      for (const input of this.#sources.get(tensor) ?? []) if (input) seen.add(input);
    }
    return new Set([...seen].filter((tensor) => this.#weights.has(tensor)));
  }
}

function grouped(stops: readonly Stop[], behind: (group: readonly Stop[]) => Iterable<Tensor>): Obstacle[] {
  const groups = new Map<string, Stop[]>();
  for (const stop of [...stops].reverse()) {
    const key = `${operatorOf(stop.node)}\n${stop.reason}`;
    groups.set(key, [...(groups.get(key) ?? []), stop]);
  }
  return [...groups.values()].map((group) => {
    const { node, reason } = group[0]!;
    const nodes = [...new Set(group.map((stop) => nodeLabel(stop.node)))];
    return { operator: operatorOf(node), reason, nodes, blocks: total(behind(group)) };
  });
}

function total(tensors: Iterable<Tensor>): number {
  return [...tensors].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}
