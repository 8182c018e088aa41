import type { Graph } from "../graph.js";
import { livePart } from "../prune.js";
import type { Node, Tensor } from "../tensor.js";

/** Whether a node may give another result at each run. */
export function isRandom(graph: Graph, node: Node): boolean {
  return graph.operators.get(node.op)?.isRandom?.(node) ?? false;
}

/** Values that ONNX Runtime writes over while it runs: each must be kept for its one reader. */
export function writtenOver(graph: Graph): ReadonlySet<Tensor> {
  const values = graph.nodes.flatMap((node) => {
    const places = graph.operators.get(node.op)?.overwrites?.(node.attributes) ?? [];
    return places.map((place) => node.inputs[place]);
  });
  return new Set(values.filter((value) => value !== undefined));
}

/** For a value, who reads it. */
export type Readers = (tensor: Tensor) => readonly (Node | "output")[];

/** Who reads a value: nodes that some output needs, and the outputs themselves. A node that reads it twice is there twice. */
export function readersOf(graph: Graph): Readers {
  const readers = new Map<Tensor, (Node | "output")[]>();
  const note = (tensor: Tensor, reader: Node | "output") => {
    const known = readers.get(tensor);
    if (known) known.push(reader);
    else readers.set(tensor, [reader]);
  };
  for (const node of livePart(graph).nodes) for (const input of node.inputs) if (input) note(input, node);
  for (const tensor of graph.outputs.values()) note(tensor, "output");
  return (tensor) => readers.get(tensor) ?? [];
}
