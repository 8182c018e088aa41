import { Graph } from "../graph.js";
import { livePart } from "../prune.js";
import type { Node, Tensor } from "../tensor.js";

/** A graph on its way into another one. */
export interface Rewriting {
  /** The new graph. */
  readonly target: Graph;
  /** What stands for a value of the old graph in the new one. */
  of(tensor: Tensor): Tensor;
}

/** What happens to the parts of a graph; without a rule, or where it returns nothing, they stay as they are. */
export interface RewriteRules {
  /** Gives the values that stand for a node's outputs; those that nobody reads may be missing. */
  node?(node: Node, rewriting: Rewriting): readonly (Tensor | undefined)[] | undefined;
  /** Gives the value that stands for an input, a parameter or a constant. */
  leaf?(tensor: Tensor, rewriting: Rewriting): Tensor | undefined;
}

/**
 * A copy of a graph, changed by rules; names stay. Nodes and constants that no output needs are left out, inputs stay.
 * @param outputs what the new graph returns, values of the old one. Default: what the old one returns
 */
export function rewrite(
  graph: Graph,
  rules: RewriteRules = {},
  outputs: ReadonlyMap<string, Tensor> = graph.outputs,
): Graph {
  const target = new Graph(graph.operators, graph.provider);
  const { nodes } = livePart(graph, outputs.values());
  const named = [...graph.constants, ...graph.nodes, ...graph.nodes.flatMap((node) => node.outputs)];
  target.reserve(named.map(({ name }) => name));
  target.reserve(outputs.keys());
  const values = new Map<Tensor, Tensor>();
  const of = (tensor: Tensor): Tensor => {
    const known = values.get(tensor) ?? rules.leaf?.(tensor, rewriting) ?? target.adopt(tensor);
    values.set(tensor, known);
    return known;
  };
  const rewriting = { target, of };
  graph.inputs.forEach(of);
  for (const node of nodes) {
    const results = rules.node?.(node, rewriting);
    const repeated = () =>
      target.repeat(
        node,
        node.inputs.map((input) => input && of(input)),
      );
    for (const [i, result] of (results ?? repeated()).entries()) if (result) values.set(node.outputs[i]!, result);
  }
  for (const [name, tensor] of outputs) target.output(name, of(tensor));
  return target;
}
