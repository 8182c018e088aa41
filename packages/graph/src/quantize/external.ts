import { create } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  TensorProto_DataLocation as DataLocation,
  type GraphProto,
  type SparseTensorProto,
  type TensorProto,
  TensorProtoSchema,
} from "onnx-buf";
import { type ExternalData, externalBytes } from "../onnx/tensors.js";

/** Takes the numbers that lie beside a model into a graph, and into the branches and bodies inside of it. */
export function takeIn(graph: GraphProto, externalData?: ExternalData): void {
  const inside = (tensor: TensorProto) => insideOf(tensor, externalData);
  graph.initializer = graph.initializer.map(inside);
  for (const sparse of graph.sparseInitializer) takeInSparse(sparse, inside);
  for (const { attribute } of graph.node) for (const held of attribute) takeInAttribute(held, inside, externalData);
}

type Inside = (tensor: TensorProto) => TensorProto;

function takeInAttribute(held: AttributeProto, inside: Inside, externalData?: ExternalData): void {
  if (held.t) held.t = inside(held.t);
  held.tensors = held.tensors.map(inside);
  for (const sparse of [held.sparseTensor, ...held.sparseTensors]) if (sparse) takeInSparse(sparse, inside);
  for (const graph of [held.g, ...held.graphs]) if (graph) takeIn(graph, externalData);
}

function takeInSparse(sparse: SparseTensorProto, inside: Inside): void {
  if (sparse.values) sparse.values = inside(sparse.values);
  if (sparse.indices) sparse.indices = inside(sparse.indices);
}

function insideOf(tensor: TensorProto, externalData?: ExternalData): TensorProto {
  if (tensor.dataLocation !== DataLocation.EXTERNAL) return tensor;
  const rawData = externalBytes(tensor, externalData) as Uint8Array<ArrayBuffer>;
  return create(TensorProtoSchema, { name: tensor.name, dims: tensor.dims, dataType: tensor.dataType, rawData });
}
