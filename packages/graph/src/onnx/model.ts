import { fromBinary } from "@bufbuild/protobuf";
import { type GraphProto, type ModelProto, ModelProtoSchema, type NodeProto, type TensorProto } from "onnx-buf";
import { GraphError } from "../errors.js";

/** An ONNX file with its names looked up. */
export interface ParsedModel {
  readonly proto: ModelProto;
  readonly graph: GraphProto;
  readonly initializers: ReadonlyMap<string, TensorProto>;
  /** Opset of each domain; ONNX's own is "". */
  readonly opsets: ReadonlyMap<string, number>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** @throws GraphError MODEL_INVALID for files that are no ONNX models; MODEL_UNSUPPORTED for sparse ones */
export function parseModel(bytes: Uint8Array): ParsedModel {
  const proto = parse(bytes);
  const { graph } = proto;
  if (!graph || graph.output.length === 0) {
    throw new GraphError("MODEL_INVALID", "the file holds no graph, or one that returns nothing", {
      fix: "Check that it is a whole .onnx file.",
    });
  }
  if (graph.sparseInitializer.length > 0) {
    throw new GraphError("MODEL_UNSUPPORTED", "sparse initializers are not supported");
  }
  const initializers = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  if (initializers.size !== graph.initializer.length) {
    throw new GraphError("MODEL_INVALID", "two initializers have the same name");
  }
  const opsets = new Map(proto.opsetImport.map(({ domain, version }) => [domainOf(domain), Number(version)]));
  if (opsets.size === 0) throw new GraphError("MODEL_INVALID", "the file does not state its opset");
  const metadata = Object.fromEntries(proto.metadataProps.map(({ key, value }) => [key, value]));
  return { proto, graph, initializers, opsets, metadata };
}

function parse(bytes: Uint8Array): ModelProto {
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    throw new GraphError("MODEL_INVALID", "the file is no ONNX model, or is cut short", {
      cause,
      fix: "Check that it is a whole .onnx file.",
    });
  }
}

function domainOf(domain: string): string {
  return domain === "ai.onnx" ? "" : domain;
}

/** A node's operator by name; `domain:name` outside of ONNX's own domain. */
export function operatorOf(node: NodeProto): string {
  const domain = domainOf(node.domain);
  return domain === "" ? node.opType : `${domain}:${node.opType}`;
}

/** The opset of a node's domain. */
export function opsetOf(model: ParsedModel, node: NodeProto): number {
  return model.opsets.get(domainOf(node.domain)) ?? 1;
}
