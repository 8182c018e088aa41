import type { Graph } from "./graph.js";
import type { Node, Tensor } from "./tensor.js";

/** The part of a graph on which some values depend. */
export interface LivePart {
  readonly nodes: readonly Node[];
  readonly values: ReadonlySet<Tensor>;
}

/** Leaves out every node that none of `roots` needs, by default the outputs. */
export function livePart(graph: Graph, roots: Iterable<Tensor> = graph.outputs.values()): LivePart {
  const values = new Set(roots);
  const nodes: Node[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((output) => values.has(output))) continue;
    nodes.push(node);
    for (const input of node.inputs) if (input) values.add(input);
  }
  return { nodes: nodes.reverse(), values };
}
