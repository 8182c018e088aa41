import { fromBinary } from "@bufbuild/protobuf";
import {
  type FunctionProto,
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  type OperatorSetIdProto,
} from "onnx-buf";
import { GraphError } from "../errors.js";
import { initializersOf, type StoredTensor } from "./stored.js";

/** An ONNX file with its names looked up. */
export interface ParsedModel {
  readonly proto: ModelProto;
  readonly graph: GraphProto;
  readonly initializers: ReadonlyMap<string, StoredTensor>;
  /** Functions that the file itself defines. */
  readonly functions: readonly FunctionProto[];
  /** Opset of each domain; ONNX's own is "". */
  readonly opsets: ReadonlyMap<string, number>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** @throws GraphError MODEL_INVALID for files that are no ONNX models */
export function parseModel(bytes: Uint8Array): ParsedModel {
  const proto = parse(bytes);
  const { graph } = proto;
  if (!graph || graph.output.length === 0) {
    throw new GraphError("MODEL_INVALID", "the file holds no graph, or one that returns nothing", {
      fix: "Check that it is a whole .onnx file.",
    });
  }
  const opsets = opsetsOf(proto.opsetImport);
  if (opsets.size === 0) throw new GraphError("MODEL_INVALID", "the file does not state its opset");
  const metadata = Object.fromEntries(proto.metadataProps.map(({ key, value }) => [key, value]));
  return { proto, graph, initializers: initializersOf(graph), functions: proto.functions, opsets, metadata };
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

/** Opsets by domain; ONNX's own is "". */
export function opsetsOf(imports: readonly OperatorSetIdProto[]): ReadonlyMap<string, number> {
  return new Map(imports.map(({ domain, version }) => [domainOf(domain), Number(version)]));
}

/** ONNX's own domain has two names. */
export function domainOf(domain: string): string {
  return domain === "ai.onnx" ? "" : domain;
}

/** A node's operator by name; `domain:name` outside of ONNX's own domain. */
export function operatorOf(node: NodeProto): string {
  const domain = domainOf(node.domain);
  return domain === "" ? node.opType : `${domain}:${node.opType}`;
}

/** Graphs within a node: the branches of If, the bodies of Loop and Scan. */
export function subgraphsOf(node: NodeProto): GraphProto[] {
  return node.attribute.flatMap(({ g, graphs }) => [...(g ? [g] : []), ...graphs]);
}
