import type { Graph } from "./graph.js";
import type { Node, Tensor } from "./tensor.js";

/** The part of a graph on which its outputs depend. */
export interface LivePart {
  readonly nodes: readonly Node[];
  readonly values: ReadonlySet<Tensor>;
}

/** Leaves out every node that no output needs. */
export function livePart(graph: Graph): LivePart {
  const values = new Set(graph.outputs.values());
  const nodes: Node[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((output) => values.has(output))) continue;
    nodes.push(node);
    for (const input of node.inputs) if (input) values.add(input);
  }
  return { nodes: nodes.reverse(), values };
}
