import { GraphError } from "../errors.js";
import { gradients } from "../gradients.js";
import type { Graph } from "../graph.js";
import { toOnnx } from "../onnx/encode.js";
import type { Optimizer, OptimizerEntry } from "../optim/optimizer.js";
import { updateAll } from "../optim/together.js";
import { mergeCommon } from "../passes/common.js";
import { recomputeProducts } from "../passes/recompute.js";
import { livePart } from "../prune.js";
import { formatShape, sameShape, sizeOf } from "../shape.js";
import type { Tensor } from "../tensor.js";

/** A training step as one ONNX graph, and what must be fed to it and carried from step to step. */
export interface TrainingProgram {
  /** The file, written when it is first read. A backend may run the graph in another form. */
  readonly model: Uint8Array;
  readonly graph: Graph;
  readonly optimizer: Optimizer;
  /** Values that each step feeds: samples, labels, soft targets. */
  readonly feeds: readonly Tensor[];
  readonly randoms: readonly Tensor[];
  /** What is trained. */
  readonly parameters: readonly Tensor[];
  /** Parameters that the loss needs, but that are neither trained nor carried. */
  readonly frozen: readonly Tensor[];
  /** Carried values without gradient, such as running statistics. */
  readonly buffers: readonly Tensor[];
  /** Those of the buffers of which a step replaces some rows only. */
  readonly rowBuffers: readonly Tensor[];
  /** What is carried from step to step: parameters first, then buffers, then slots, named `slot/<slot>/<parameter>`. */
  readonly state: readonly Tensor[];
  /** Names of the scalars that are returned: the loss and its terms. */
  readonly reports: readonly string[];
}

/** The value of a trained parameter after the step. @throws GraphError OPTION_INVALID where it is not trained */
export type Updated = (parameter: Tensor) => Tensor;

/** A value that is carried from step to step without gradient, such as a running mean. */
export interface TrainingBuffer {
  /** An input or a parameter of the graph; the state holds it by its name. */
  readonly input: Tensor;
  /**
   * Its value after the step, of the same type and shape; or, where there are `rows`, the values of these rows. A function
   * makes it of what the step has made of parameters, such as a moving average.
   */
  readonly next: Tensor | ((updated: Updated) => Tensor);
  /**
   * Which rows a step replaces, int64 [R]; `next` is then [R, …], and where a row is named twice its last value stays. The
   * host writes them into the memory that the next step reads, so that a step costs the same however many others there are.
   */
  readonly rows?: Tensor;
}

export interface TrainingOptions {
  /** One number; what is minimized. */
  readonly loss: Tensor;
  /** Scalars reported beside the loss, by name. */
  readonly terms?: Readonly<Record<string, Tensor>>;
  readonly optimizer: Optimizer;
  /** What is trained. Default: every parameter of the graph that is no buffer; the others stay as they are. */
  readonly parameters?: readonly Tensor[];
  /** Default: none. */
  readonly buffers?: readonly TrainingBuffer[];
  /** Computes equal values once, as `mergeCommon` does: fewer nodes, far fewer constants. Default `true`. */
  readonly mergeCommon?: boolean;
}

/** Name of the graph in the file. */
export const TRAINING_STEP = "training-step";

const NEXT = "next/";
const ROWS = "rows/";
const SCALAR = "scalar/";
const SLOT = "slot/";

/** The name under which a graph returns the next value of a piece of state. */
export const nextName = (state: string): string => NEXT + state;
/** The name under which a graph returns which rows of a buffer it replaces. */
export const rowsName = (buffer: string): string => ROWS + buffer;
/** The name under which an optimizer's scalar is fed. */
export const scalarName = (scalar: string): string => SCALAR + scalar;
const slotName = (slot: string, parameter: string): string => `${SLOT}${slot}/${parameter}`;

/**
 * Extends a graph that computes a loss into a whole training step: forward, loss, gradients, update. The graph is used up:
 * build another for another program.
 * @throws GraphError OPTION_INVALID; SHAPE_MISMATCH where a buffer changes its type or shape; and what `gradients` and
 * `verify` throw
 */
export function compileTraining(options: TrainingOptions): TrainingProgram {
  const { loss, optimizer, buffers = [] } = options;
  const { graph } = loss;
  const carried = new Set(buffers.map(({ input }) => input));
  const declared = graph.inputs.filter((input) => input.source.kind === "parameter" && !carried.has(input));
  const parameters = options.parameters ?? declared;
  const reports = { loss, ...options.terms };
  checkTrained(parameters, declared);
  checkReports(reports, options.terms ?? {});
  checkCarried(graph, buffers);
  const feeds = graph.inputs.filter((input) => input.source.kind === "input" && !carried.has(input));
  const grads = gradients(loss, parameters);
  const entries = parameters.map((parameter, i) => ({
    parameter,
    gradient: grads[i]!,
    slots: declareSlots(graph, optimizer, parameter),
  }));
  for (const [name, tensor] of Object.entries(reports)) graph.output(name, tensor);
  const updated = emitUpdate(graph, optimizer, entries);
  for (const buffer of buffers) emitCarried(graph, buffer, updated);
  const finished = recomputeProducts(options.mergeCommon === false ? graph : mergeCommon(graph));
  return programOf(finished, {
    optimizer,
    parameters,
    buffers: [...carried],
    rowBuffers: buffers.flatMap(({ input, rows }) => (rows ? [input] : [])),
    feeds,
    frozen: declared.filter((parameter) => !parameters.includes(parameter)),
    slots: entries.flatMap(({ slots }) => Object.values(slots)),
    reports: Object.keys(reports),
  });
}

/** What a program consists of, as tensors of the graph in which they were declared. */
interface ProgramParts
  extends Pick<TrainingProgram, "optimizer" | "parameters" | "buffers" | "rowBuffers" | "reports"> {
  readonly feeds: readonly Tensor[];
  readonly frozen: readonly Tensor[];
  readonly slots: readonly Tensor[];
}

/** Finds the parts of a program again in its finished graph; of what is only fed, those that the graph needs. */
function programOf(graph: Graph, parts: ProgramParts): TrainingProgram {
  const inputs = new Map(graph.inputs.map((input) => [input.name, input]));
  const found = (tensors: readonly Tensor[]) => tensors.map(({ name }) => inputs.get(name)!);
  const live = livePart(graph).values;
  const needed = (tensors: readonly Tensor[]) => found(tensors).filter((tensor) => live.has(tensor));
  const [parameters, buffers] = [found(parts.parameters), found(parts.buffers)];
  let model: Uint8Array | undefined;
  return {
    graph,
    optimizer: parts.optimizer,
    parameters,
    buffers,
    rowBuffers: found(parts.rowBuffers),
    feeds: needed(parts.feeds),
    randoms: needed(graph.inputs.filter((input) => input.source.kind === "random")),
    frozen: needed(parts.frozen),
    state: [...parameters, ...buffers, ...found(parts.slots)],
    reports: parts.reports,
    get model() {
      model ??= toOnnx(graph, { name: TRAINING_STEP });
      return model;
    },
  };
}

function checkTrained(parameters: readonly Tensor[], declared: readonly Tensor[]): void {
  if (parameters.length === 0) throw new GraphError("OPTION_INVALID", "the graph has no parameters to train");
  const other = parameters.find((parameter) => !declared.includes(parameter));
  if (!other) return;
  throw new GraphError("OPTION_INVALID", `${other.name} is not a parameter of the graph`, {
    value: other.name,
    fix: "Declare it with graph.parameter, and do not carry it as a buffer.",
  });
}

function checkReports(reports: Readonly<Record<string, Tensor>>, terms: Readonly<Record<string, Tensor>>): void {
  if (Object.hasOwn(terms, "loss")) throw new GraphError("OPTION_INVALID", "a term must not be called loss");
  for (const [name, tensor] of Object.entries(reports)) {
    if (sizeOf(tensor.shape) === 1) continue;
    throw new GraphError("NOT_SCALAR", `the term ${name} has shape ${formatShape(tensor.shape)}`, { value: name });
  }
}

function checkCarried(graph: Graph, buffers: readonly TrainingBuffer[]): void {
  for (const [i, { input, next, rows }] of buffers.entries()) {
    const isFed = input.source.kind === "input" || input.source.kind === "parameter";
    if (!isFed || input.graph !== graph || buffers.findIndex((buffer) => buffer.input === input) !== i) {
      throw new GraphError("OPTION_INVALID", `${input.name} cannot be carried`, {
        value: input.name,
        fix: "Carry inputs and parameters of the graph, each once.",
      });
    }
    if (typeof next !== "function") checkNext(input, next, rows);
  }
}

function emitCarried(graph: Graph, { input, next: made, rows }: TrainingBuffer, updated: Updated): void {
  const next = typeof made === "function" ? made(updated) : made;
  if (next !== made) checkNext(input, next, rows);
  graph.output(nextName(input.name), next);
  if (rows) graph.output(rowsName(input.name), rows);
}

function checkNext(input: Tensor, next: Tensor, rows: Tensor | undefined): void {
  const areRows = !rows || (rows.dtype === "int64" && rows.shape.length === 1);
  const expected = rows ? [...rows.shape, ...input.shape.slice(1)] : input.shape;
  if (areRows && next.dtype === input.dtype && sameShape(next.shape, expected)) return;
  const [from, to, at] = [input, next, rows].map((tensor) => tensor && `${tensor.dtype}${formatShape(tensor.shape)}`);
  const message = `buffer ${input.name} is ${from}, but ${to} after the step${at ? ` in rows ${at}` : ""}`;
  throw new GraphError("SHAPE_MISMATCH", message, { value: input.name });
}

function declareSlots(graph: Graph, optimizer: Optimizer, parameter: Tensor): Record<string, Tensor> {
  return Object.fromEntries(
    optimizer.slots.map((slot) => [
      slot,
      graph.input(slotName(slot, parameter.name), parameter.dtype, parameter.shape),
    ]),
  );
}

/** @returns what becomes of parameters */
function emitUpdate(graph: Graph, optimizer: Optimizer, entries: readonly OptimizerEntry[]): Updated {
  const { dtype } = entries[0]!.parameter;
  const names = Object.keys(optimizer.scalars(1, 1));
  const scalars = Object.fromEntries(names.map((name) => [name, graph.input(scalarName(name), dtype, [])]));
  const ready = latestGradientFirst(graph, entries);
  const next = new Map<Tensor, Tensor>();
  for (const [i, update] of updateAll(optimizer, ready, scalars).entries()) {
    const { parameter } = ready[i]!;
    const { name } = parameter;
    next.set(parameter, update.parameter);
    graph.output(nextName(name), update.parameter);
    for (const [slot, tensor] of Object.entries(update.slots)) graph.output(nextName(slotName(slot, name)), tensor);
  }
  return (parameter) => {
    const updated = next.get(parameter);
    if (updated) return updated;
    throw new GraphError("OPTION_INVALID", `${parameter.name} is not trained`, { value: parameter.name });
  };
}

/**
 * ONNX Runtime works off final nodes from the last one written to the first, each with all that it needs. Were the first
 * layer's update the last one written, every gradient of the others would wait in memory, with all it is made of, for the
 * whole backward pass to be over: what is known first is written last.
 */
function latestGradientFirst(graph: Graph, entries: readonly OptimizerEntry[]): OptimizerEntry[] {
  const places = new Map(graph.nodes.map((node, i) => [node, i]));
  const placeOf = ({ gradient: { source } }: OptimizerEntry) =>
    source.kind === "node" ? places.get(source.node)! : -1;
  return [...entries].sort((a, b) => placeOf(b) - placeOf(a));
}
