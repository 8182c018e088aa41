import { isFloat } from "../dtype.js";
import type { Shape } from "../shape.js";
import { parseModel } from "./model.js";
import { constantOf, decodeStored, type StoredTensor } from "./stored.js";
import type { ExternalData } from "./tensors.js";

/** Numbers that a file keeps under a name. */
export interface StoredWeight {
  readonly shape: Shape;
  readonly data: Float32Array;
}

/**
 * All tensors of floating point that a model keeps, in initializers and Constant nodes of its main graph, by name: weights and
 * running statistics, but no scalars. Numbers may share memory with the file; its nodes are not looked at.
 * @param externalData reads files that lie beside the model
 * @throws GraphError MODEL_INVALID, MODEL_UNSUPPORTED
 */
export function readWeights(
  bytes: Uint8Array,
  { externalData }: { readonly externalData?: ExternalData } = {},
): ReadonlyMap<string, StoredWeight> {
  const { graph, initializers } = parseModel(bytes);
  const constants = graph.node.flatMap((node): [string, StoredTensor][] => {
    const stored = constantOf(node);
    return stored ? [[node.output[0] ?? "", stored]] : [];
  });
  const found = [...initializers, ...constants].flatMap(([name, stored]): [string, StoredWeight][] => {
    if (stored.dims.length === 0) return [];
    const { dtype, shape, data } = decodeStored(stored, externalData);
    return isFloat(dtype)
      ? [[name, { shape, data: data instanceof Float32Array ? data : Float32Array.from(data as Float64Array) }]]
      : [];
  });
  return new Map(found);
}
