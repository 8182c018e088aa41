import type { Graph } from "./graph.js";
import { formatShape } from "./shape.js";
import type { Attribute, Node, Tensor } from "./tensor.js";

const MAX_INLINE_VALUES = 8;

/** A graph as readable text, one line a node, in the order in which it runs. */
export function printGraph(graph: Graph): string {
  const lines = graph.inputs.map((input) => `  ${input.source.kind} ${formatTyped(input)}`);
  lines.push(...graph.nodes.map((node) => `  ${formatNode(node)}`));
  const results = [...graph.outputs].map(([name, tensor]) => `${name} = ${formatOperand(tensor)}`);
  return ["graph {", ...lines, `  return ${results.join(", ")}`, "}"].join("\n");
}

/** One node as text. */
export function formatNode(node: Node): string {
  const outputs = node.outputs.map(formatTyped).join(", ");
  const inputs = node.inputs.map((input) => (input ? formatOperand(input) : "-")).join(", ");
  const attributes = Object.entries(node.attributes).map(([name, value]) => `${name}=${formatAttribute(value)}`);
  const tail = attributes.length > 0 ? `; ${attributes.join(", ")}` : "";
  return `${outputs} = ${node.detached ? "detached " : ""}${node.op}(${inputs}${tail})`;
}

function formatTyped(tensor: Tensor): string {
  return `${tensor.name}: ${tensor.dtype}${formatShape(tensor.shape)}`;
}

function formatOperand(tensor: Tensor): string {
  if (tensor.source.kind !== "constant" || tensor.source.data.length > MAX_INLINE_VALUES) return tensor.name;
  const values = Array.from(tensor.source.data as ArrayLike<number | bigint>, String).join(",");
  return tensor.shape.length === 0 ? values : `[${values}]`;
}

function formatAttribute(value: Attribute): string {
  return Array.isArray(value) ? `[${value.join(",")}]` : String(value);
}
