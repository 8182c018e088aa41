import { toBinary } from "@bufbuild/protobuf";
import { type GraphProto, ModelProtoSchema } from "onnx-buf";
import { GraphError } from "../errors.js";
import { type ParsedModel, parseModel, subgraphsOf } from "./model.js";

/**
 * Gives values of an ONNX file other names, its inputs and outputs among them. All else stays as it is, byte for byte where
 * numbers are concerned.
 * @param names new names by old ones; others are left alone
 * @throws GraphError MODEL_INVALID for damaged files; NAME_TAKEN where a new name is in use; OPTION_INVALID for an unknown old one
 */
export function renameInOnnx(bytes: Uint8Array, names: Readonly<Record<string, string>>): Uint8Array {
  const { proto, graph } = parseModel(bytes);
  const used = valueNames(graph);
  for (const [from, to] of Object.entries(names)) {
    if (!used.has(from)) {
      throw new GraphError("OPTION_INVALID", `the model has no value ${from}`, { value: from });
    }
    if (to === "" || (to !== from && used.has(to))) throw taken(to);
  }
  renameValues(graph, (name) => names[name] ?? name);
  return toBinary(ModelProtoSchema, proto);
}

/**
 * Puts one model in front of another: outputs of the first become the inputs of the second that have their names. What else
 * is in the first is called `front/…`; its inputs keep their names, and those of the second that nothing feeds stay inputs.
 * Metadata are the second's.
 * @throws GraphError MODEL_INVALID for damaged files; OPTION_INVALID where an output of the first feeds nothing; NAME_TAKEN;
 * MODEL_UNSUPPORTED where the two are of different opsets
 */
export function chainOnnx(first: Uint8Array, second: Uint8Array): Uint8Array {
  const [front, back] = [parseModel(first), parseModel(second)];
  requireSameOpsets(front, back);
  const inputs = new Set(front.graph.input.map(({ name }) => name));
  const outputs = new Set(front.graph.output.map(({ name }) => name));
  const fed = new Set(back.graph.input.map(({ name }) => name));
  for (const output of outputs) {
    if (fed.has(output)) continue;
    throw new GraphError("OPTION_INVALID", `the second model has no input ${output}`, {
      value: output,
      fix: `Its inputs are ${[...fed].join(", ")}.`,
    });
  }
  const inner = (name: string) => (inputs.has(name) || outputs.has(name) ? name : `front/${name}`);
  renameValues(front.graph, inner);
  for (const node of front.graph.node) if (node.name !== "") node.name = `front/${node.name}`;
  const known = valueNames(back.graph);
  for (const name of valueNames(front.graph)) if (!outputs.has(name) && known.has(name)) throw taken(name);
  const { graph } = back;
  graph.node.unshift(...front.graph.node);
  graph.initializer.unshift(...front.graph.initializer);
  graph.sparseInitializer.unshift(...front.graph.sparseInitializer);
  graph.valueInfo.unshift(...front.graph.valueInfo);
  graph.input = [...front.graph.input, ...graph.input.filter(({ name }) => !outputs.has(name))];
  return toBinary(ModelProtoSchema, back.proto);
}

function requireSameOpsets(first: ParsedModel, second: ParsedModel): void {
  for (const [domain, version] of first.opsets) {
    const other = second.opsets.get(domain);
    if (other === version) continue;
    const name = domain === "" ? "ai.onnx" : domain;
    throw new GraphError(
      "MODEL_UNSUPPORTED",
      `the models are of different opsets of ${name}: ${version} and ${other ?? "none"}`,
      { value: version, fix: "Write both in one opset." },
    );
  }
}

function taken(name: string): GraphError {
  return new GraphError("NAME_TAKEN", name === "" ? "a value needs a name" : `the model has a value ${name} already`, {
    value: name,
    fix: "Choose another name.",
  });
}

/** All values of a graph and of the graphs inside of its nodes. ONNX lets no name stand twice among them. */
function valueNames(graph: GraphProto): Set<string> {
  const names = new Set<string>();
  renameValues(graph, (name) => {
    names.add(name);
    return name;
  });
  return names;
}

function renameValues(graph: GraphProto, rename: (name: string) => string): void {
  const of = (name: string) => (name === "" ? name : rename(name));
  for (const value of [...graph.input, ...graph.output, ...graph.valueInfo, ...graph.initializer]) {
    value.name = of(value.name);
  }
  for (const { values } of graph.sparseInitializer) if (values) values.name = of(values.name);
  for (const node of graph.node) {
    node.input = node.input.map(of);
    node.output = node.output.map(of);
    for (const inside of subgraphsOf(node)) renameValues(inside, rename);
  }
}
