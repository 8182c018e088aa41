import { create, toBinary } from "@bufbuild/protobuf";
import { type GraphProto, ModelProtoSchema, type NodeProto, ValueInfoProtoSchema } from "onnx-buf";
import { GraphError } from "../errors.js";
import { parseModel, subgraphsOf } from "./model.js";

/**
 * The same file up to one of its values, which is then its only output. What the value does not need is left out: nodes, numbers and
 * inputs. All else stays as it is, numbers in files beside it too.
 * @param value an output, or what a node of the main graph computes
 * @throws GraphError MODEL_INVALID for damaged files; OPTION_INVALID where no node computes the value
 */
export function cutOnnx(bytes: Uint8Array, value: string): Uint8Array {
  const { proto, graph } = parseModel(bytes);
  if (!graph.node.some(({ output }) => output.includes(value))) {
    throw new GraphError("OPTION_INVALID", `the model computes no value ${value}`, {
      value,
      fix: "Name one that `limbeck inspect FILE --taps '*'` lists.",
    });
  }
  const declared = graph.output.find(({ name }) => name === value);
  const typed = declared ?? graph.valueInfo.find(({ name }) => name === value);
  keepWhat(graph, neededFor(value, graph.node));
  graph.output = [typed ?? create(ValueInfoProtoSchema, { name: value })];
  return toBinary(ModelProtoSchema, proto);
}

/** Names that a value is computed from, and its own. Nodes stand in the order in which they run. */
function neededFor(value: string, nodes: readonly NodeProto[]): Set<string> {
  const needed = new Set([value]);
  for (const node of nodes.toReversed()) {
    if (node.output.some((name) => needed.has(name))) for (const name of takenBy(node)) needed.add(name);
  }
  return needed;
}

/** What a node takes, branches and bodies inside of it included. */
function takenBy(node: NodeProto): string[] {
  const inside = subgraphsOf(node).flatMap((graph) => [
    ...graph.node.flatMap(takenBy),
    ...graph.output.map(({ name }) => name),
  ]);
  return [...node.input, ...inside].filter((name) => name !== "");
}

function keepWhat(graph: GraphProto, needed: ReadonlySet<string>): void {
  const isNeeded = ({ name }: { readonly name: string }) => needed.has(name);
  graph.node = graph.node.filter(({ output }) => output.some((name) => needed.has(name)));
  graph.initializer = graph.initializer.filter(isNeeded);
  graph.sparseInitializer = graph.sparseInitializer.filter(({ values }) => values !== undefined && isNeeded(values));
  graph.input = graph.input.filter(isNeeded);
  graph.valueInfo = graph.valueInfo.filter(isNeeded);
}
