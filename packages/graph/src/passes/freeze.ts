import type { TypedArray } from "../dtype.js";
import type { Graph } from "../graph.js";
import { parameterValues } from "../onnx/encode.js";
import { rewrite } from "./rewrite.js";

/**
 * Turns parameters into constants of the same names, so that passes can compute with them.
 * @param parameters values by name, of all parameters of the graph
 * @throws GraphError STATE_MISMATCH
 */
export function freezeParameters(graph: Graph, parameters: Readonly<Record<string, TypedArray>>): Graph {
  return rewrite(graph, {
    leaf: (tensor, { target }) => {
      if (tensor.source.kind !== "parameter") return undefined;
      const { name, dtype, shape } = tensor;
      return target.constant(dtype, shape, parameterValues(tensor, parameters), name);
    },
  });
}
