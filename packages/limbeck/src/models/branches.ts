import { createGraph, type Node, type Tensor } from "@limbeck/graph";
import type { ImageGeometry } from "../data/dataset.js";
import { LimbeckError } from "../support/errors.js";
import {
  declareTensors,
  type ForwardResult,
  isBeforeActivation,
  type Model,
  type TensorSpec,
  tensorsOf,
} from "./model.js";

/** A place where a model can be split: all that its answers know of the images passes there. */
export interface ModelSplit {
  /** The tap. */
  readonly at: string;
  /** Names of tensors that are needed only behind it. */
  readonly behind: ReadonlySet<string>;
}

/**
 * Where a model can be split into a trunk and an end, both with weights.
 * @param at a tap. Default: the last one behind which there is more than one layer with weights and that is no value before an
 * activation, or the last one
 * @throws LimbeckError TAP_UNKNOWN where it cannot be split there
 */
export function splitModel(model: Model, geometry: ImageGeometry, at?: string): ModelSplit {
  const splits = splitsOf(model, geometry);
  const weights = new Set(model.parameters.filter(({ shape }) => shape.length > 1).map(({ name }) => name));
  const layers = ({ behind }: ModelSplit) => [...behind].filter((name) => weights.has(name)).length;
  const usual = splits.findLast((split) => layers(split) > 1 && !isBeforeActivation(split.at)) ?? splits.at(-1);
  const found = at === undefined ? usual : splits.find((split) => split.at === at);
  if (found) return found;
  const names = splits.map((split) => split.at).join(", ");
  throw new LimbeckError("TAP_UNKNOWN", `${model.family} cannot be split${at === undefined ? "" : ` at "${at}"`}`, {
    where: "scheme.at",
    value: at,
    fix: names === "" ? "Choose a model with more layers." : `Use one of ${names}.`,
  });
}

function splitsOf(model: Model, { channels, height, width }: ImageGeometry): ModelSplit[] {
  const graph = createGraph();
  const images = graph.input("images", "float32", [1, channels, height, width]);
  const { logits, taps } = model.forward(images, declareTensors(model, graph), false);
  const parameters = model.parameters.map(({ name }) => name);
  return Object.entries(taps).flatMap(([at, tap]) => {
    if (ancestors(logits, tap).has(images)) return [];
    const trunk = new Set([...ancestors(tap)].map(({ name }) => name));
    const behind = new Set(tensorsOf(model).flatMap(({ name }) => (trunk.has(name) ? [] : [name])));
    const hasBoth = parameters.some((name) => trunk.has(name)) && parameters.some((name) => behind.has(name));
    return hasBoth ? [{ at, behind }] : [];
  });
}

/** All that a value is made of, itself included; what lies behind `end` only if it is reached another way. */
function ancestors(tensor: Tensor, end?: Tensor): Set<Tensor> {
  const found = new Set<Tensor>();
  const open = [tensor];
  for (let next = open.pop(); next; next = open.pop()) {
    if (next === end || found.has(next)) continue;
    found.add(next);
    if (next.source.kind === "node") open.push(...next.source.node.inputs.filter((input) => input !== undefined));
  }
  return found;
}

/** The tensors of a further branch, from 2 on: the first one is the model's own end. @param specs the model's */
export function branchSpecs({ behind }: ModelSplit, branch: number, specs: readonly TensorSpec[]): TensorSpec[] {
  return specs.flatMap((spec) => (behind.has(spec.name) ? [{ ...spec, name: branchName(branch, spec.name) }] : []));
}

/** What a further branch calls what the model calls `name`. */
export const branchName = (branch: number, name: string): string => `branch${branch}/${name}`;

/** A pass through one of several ends: its answers, and what becomes of buffers, by their names in the whole. */
export type BranchResult = Pick<ForwardResult, "logits" | "buffers">;

/**
 * Emits a model's pass once, and its end again for each further branch, with weights and dropout of its own.
 * @param weights those of the model by its own names, those of branches by {@link branchName}
 */
export function branchedForward(
  model: Model,
  { at, behind }: ModelSplit,
  branches: number,
  images: Tensor,
  weights: Readonly<Record<string, Tensor>>,
  training: boolean,
): { readonly trunk: Tensor; readonly branches: readonly BranchResult[]; readonly taps: ForwardResult["taps"] } {
  const { graph } = images;
  const before = graph.nodes.length;
  const first = model.forward(images, weights, training);
  const nodes = graph.nodes.slice(before);
  const trunk = first.taps[at]!;
  const others = Array.from({ length: branches - 1 }, (_, i): BranchResult => {
    const named = (name: string) => branchName(i + 2, name);
    const own = new Map([...behind].map((name) => [weights[name]!, weights[named(name)]!]));
    repeatBehind(nodes, trunk, own);
    const of = (tensor: Tensor) => own.get(tensor) ?? tensor;
    const buffers = Object.entries(first.buffers).filter(([name]) => behind.has(name));
    return {
      logits: of(first.logits),
      buffers: Object.fromEntries(buffers.map(([name, next]) => [named(name), of(next)])),
    };
  });
  return { trunk, branches: [first, ...others], taps: first.taps };
}

/** Emits again what depends on the tensors that others stand for, and on what is drawn behind the trunk. */
function repeatBehind(nodes: readonly Node[], trunk: Tensor, copies: Map<Tensor, Tensor>): void {
  const behind = new Set([trunk]);
  for (const node of nodes) {
    const inputs = node.inputs.filter((input) => input !== undefined);
    if (inputs.some((input) => behind.has(input) || copies.has(input))) {
      for (const output of node.outputs) behind.add(output);
      for (const input of inputs)
        if (input.source.kind === "random" && !copies.has(input)) copies.set(input, drawn(input));
    }
    if (!inputs.some((input) => copies.has(input))) continue;
    const { op, attributes, detached, outputCount } = node;
    const given = node.inputs.map((input) => input && (copies.get(input) ?? input));
    const results = trunk.graph.emit(op, given, attributes, { detached, outputCount });
    for (const [i, output] of node.outputs.entries()) copies.set(output, results[i]!);
  }
}

/** Another draw of the same kind. */
function drawn({ graph, dtype, shape, source }: Tensor): Tensor {
  if (source.kind !== "random") throw new TypeError("it is not drawn");
  return graph.random(dtype, shape, source.fill);
}
