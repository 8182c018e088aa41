import type { GraphProto, NodeProto, SparseTensorProto, TensorProto } from "onnx-buf";
import { GraphError } from "../errors.js";
import type { KnownValue } from "./data-types.js";
import { decodeSparse } from "./sparse.js";
import { decodeTensor, type ExternalData } from "./tensors.js";

/** A tensor as a file keeps it. */
export type StoredTensor = TensorProto | SparseTensorProto;

/** Reads a stored tensor; sparse ones are filled in. @throws GraphError MODEL_INVALID, MODEL_UNSUPPORTED */
export function decodeStored(stored: StoredTensor, externalData?: ExternalData): KnownValue {
  return stored.$typeName === "onnx.TensorProto"
    ? decodeTensor(stored, externalData)
    : decodeSparse(stored, externalData);
}

/** A graph's initializers by name. @throws GraphError MODEL_INVALID where two have the same name */
export function initializersOf(graph: GraphProto): ReadonlyMap<string, StoredTensor> {
  const found = new Map<string, StoredTensor>([
    ...graph.initializer.map((tensor): [string, StoredTensor] => [tensor.name, tensor]),
    ...graph.sparseInitializer.map((tensor): [string, StoredTensor] => [tensor.values?.name ?? "", tensor]),
  ]);
  if (found.size === graph.initializer.length + graph.sparseInitializer.length) return found;
  throw new GraphError("MODEL_INVALID", "two initializers have the same name");
}

/** The tensor that a Constant node holds; some exporters keep all weights in such nodes. */
export function constantOf(node: NodeProto): StoredTensor | undefined {
  if (node.opType !== "Constant") return undefined;
  const value = node.attribute.find(({ name }) => name === "value" || name === "sparse_value");
  return value?.t ?? value?.sparseTensor;
}
