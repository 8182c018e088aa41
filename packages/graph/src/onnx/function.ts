import type { AttributeProto, FunctionProto, NodeProto } from "onnx-buf";
import { GraphError } from "../errors.js";
import { domainOf, opsetsOf } from "./model.js";
import { Scope, type Value } from "./scope.js";

/** A node with what its attributes stand for inside of a function: those of the call, where they refer to them. */
export function boundNode(node: NodeProto, scope: Scope): NodeProto {
  if (node.attribute.every(({ refAttrName }) => refAttrName === "")) return node;
  const attribute = node.attribute.flatMap((proto) => {
    if (proto.refAttrName === "") return [proto];
    const given = scope.options.attributes?.get(proto.refAttrName);
    return given ? [{ ...given, name: proto.name }] : [];
  });
  return { ...node, attribute };
}

/** Where a function's body runs: it sees its inputs and attributes, and nothing of the graph that calls it. */
export function functionScope(
  called: FunctionProto,
  node: NodeProto,
  inputs: readonly (Value | undefined)[],
  outer: Scope,
): Scope {
  if (inputs.length > called.input.length) {
    throw new GraphError("MODEL_INVALID", `${called.name} takes ${called.input.length} inputs, got ${inputs.length}`);
  }
  const attributes = new Map<string, AttributeProto>(
    [...called.attributeProto, ...node.attribute].map((proto) => [proto.name, proto]),
  );
  const scope = new Scope({
    initializers: new Map(),
    opsets: new Map([...outer.options.opsets, ...opsetsOf(called.opsetImport)]),
    attributes,
    prefix: `${outer.prefix}${node.name || node.output[0]}/`,
    depth: outer.options.depth + 1,
  });
  for (const [i, name] of called.input.entries()) scope.set(name, inputs[i]);
  return scope;
}

/** The key of a function, as of an operator. */
export function functionKey({ domain, name, overload }: FunctionProto): string {
  return keyOf(domain, name, overload);
}

/** The key of the function that a node may call. */
export function calledKey({ domain, opType, overload }: NodeProto): string {
  return keyOf(domain, opType, overload);
}

function keyOf(domain: string, name: string, overload: string): string {
  return JSON.stringify([domainOf(domain), name, overload]);
}
