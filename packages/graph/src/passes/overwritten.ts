import type { Graph } from "../graph.js";
import type { Tensor } from "../tensor.js";

/** Values that ONNX Runtime writes over while it runs: each must be kept for its one reader. */
export function inputsWrittenOver(graph: Graph): ReadonlySet<Tensor> {
  const values = graph.nodes.flatMap((node) => {
    const places = graph.operators.get(node.op)?.overwrites?.(node.attributes) ?? [];
    return places.map((place) => node.inputs[place]);
  });
  return new Set(values.filter((value) => value !== undefined));
}
