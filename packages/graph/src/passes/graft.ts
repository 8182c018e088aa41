import type { Graph } from "../graph.js";
import { sizeOf } from "../shape.js";
import type { Node, Tensor } from "../tensor.js";

/** Options of {@link graft}. */
export interface GraftOptions {
  /** What stands for the inputs of the old graph in the new one. Shapes may differ where the nodes allow it. */
  readonly inputs: ReadonlyMap<Tensor, Tensor>;
  /** Stands before all names. Default: names are made up, so that a graph can be copied into another one several times. */
  readonly prefix?: string;
  /** What stands for a parameter or a constant. Default: it is taken over, its numbers shared. */
  readonly leaf?: (tensor: Tensor) => Tensor | undefined;
}

/**
 * Copies a whole graph into another one, such as a frozen network beside one that is trained. Shapes are worked out anew. A
 * reshape of what is fed works out its first axis, so that a graph that was built for one sample takes batches.
 * @returns what stands for each value
 * @throws GraphError SHAPE_MISMATCH and others where a node does not take the new inputs; NAME_TAKEN
 */
export function graft(graph: Graph, into: Graph, { inputs, prefix, leaf }: GraftOptions): ReadonlyMap<Tensor, Tensor> {
  const copies = new Map(inputs);
  const fed = new Set(inputs.keys());
  const of = (tensor: Tensor): Tensor => {
    const known = copies.get(tensor) ?? leaf?.(tensor) ?? into.adopt(tensor, (prefix ?? "") + tensor.name);
    copies.set(tensor, known);
    return known;
  };
  for (const node of graph.nodes) {
    const isFed = node.inputs.some((input) => input && fed.has(input));
    const given = node.inputs.map((input) => input && of(input));
    if (isFed && node.op === "Reshape") given[1] = openShape(node, into) ?? given[1];
    const { attributes, detached, outputCount } = node;
    const as = prefix === undefined ? {} : { as: prefixed(node, prefix) };
    const results = into.emit(node.op, given, attributes, { detached, outputCount, ...as });
    for (const [i, output] of node.outputs.entries()) {
      copies.set(output, results[i]!);
      if (isFed) fed.add(output);
    }
  }
  return copies;
}

function prefixed({ name, outputs }: Node, prefix: string) {
  return { name: prefix + name, outputs: outputs.map((output) => ({ name: prefix + output.name })) };
}

/** The shape that a reshape gives, but for its first axis. */
function openShape({ outputs }: Node, into: Graph): Tensor | undefined {
  const { shape } = outputs[0]!;
  return shape.length > 0 && sizeOf(shape) > 0 ? into.ints([-1, ...shape.slice(1)]) : undefined;
}
