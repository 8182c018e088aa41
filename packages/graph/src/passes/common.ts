import type { Graph } from "../graph.js";
import { formatShape } from "../shape.js";
import type { Node, Tensor } from "../tensor.js";
import { isRandom, writtenOver } from "./nodes.js";
import { rewrite } from "./rewrite.js";

/**
 * Computes equal values once: nodes with the same operator, inputs and attributes become one, and so do constants with
 * the same numbers. Inputs, parameters and random nodes are never merged, nor what ONNX Runtime writes over.
 */
export function mergeCommon(graph: Graph): Graph {
  const alone = writtenOver(graph);
  const constants = firstOfEqual(graph.constants.filter((tensor) => !alone.has(tensor)));
  const known = new Map<string, readonly Tensor[]>();
  return rewrite(graph, {
    leaf: (tensor, { of }) => {
      const first = constants.get(tensor);
      return first && first !== tensor ? of(first) : undefined;
    },
    node: (node, { target, of }) => {
      if (node.outputs.some((output) => alone.has(output)) || isRandom(graph, node)) return undefined;
      const inputs = node.inputs.map((input) => input && of(input));
      const key = keyOf(node, inputs);
      const outputs = known.get(key) ?? target.repeat(node, inputs);
      known.set(key, outputs);
      return outputs;
    },
  });
}

/** Names are unique within a graph, so that they stand for the values. */
function keyOf({ op, attributes, detached, outputCount }: Node, inputs: readonly (Tensor | undefined)[]): string {
  const names = inputs.map((input) => input?.name ?? null);
  const sorted = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([op, names, sorted, detached, outputCount ?? null]);
}

/** For each constant, the first one of equal type, shape and numbers. */
function firstOfEqual(constants: readonly Tensor[]): ReadonlyMap<Tensor, Tensor> {
  const groups = new Map<string, Tensor[]>();
  const first = new Map<Tensor, Tensor>();
  for (const tensor of constants) {
    const key = sketchOf(tensor);
    const group = groups.get(key) ?? [];
    const equal = group.find((other) => hasSameNumbers(tensor, other));
    if (!equal) groups.set(key, [...group, tensor]);
    first.set(tensor, equal ?? tensor);
  }
  return first;
}

/** A few numbers tell most constants apart, so that large ones are seldom compared in full. */
function sketchOf(tensor: Tensor): string {
  const data = numbersOf(tensor);
  const places = [0, 1, 2, 3].map((quarter) => Math.floor((quarter * (data.length - 1)) / 3));
  return [tensor.dtype, formatShape(tensor.shape), ...places.map((place) => data[place])].join(" ");
}

function hasSameNumbers(a: Tensor, b: Tensor): boolean {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  for (let i = 0; i < left.length; i++) if (!Object.is(left[i], right[i])) return false;
  return true;
}

function numbersOf({ source }: Tensor): ArrayLike<number | bigint> {
  return source.kind === "constant" ? source.data : [];
}
