import { GraphError } from "./errors.js";
import { type Graph, inferNode } from "./graph.js";
import { formatNode } from "./print.js";
import { formatShape, sameShape } from "./shape.js";
import type { Node, Tensor } from "./tensor.js";

/**
 * Checks a finished graph against the operators' specifications: every name is unique, every value is defined before it
 * is used, and every node's outputs have the types that the shape rules give.
 * @throws GraphError GRAPH_INVALID naming node, operator and shapes
 */
export function verify(graph: Graph): void {
  const defined = new Set<Tensor>();
  const names = new Set<string>();
  const define = (tensor: Tensor, where: string) => {
    if (names.has(tensor.name)) throw invalid(`the name ${tensor.name} is used twice`, where);
    names.add(tensor.name);
    defined.add(tensor);
  };
  for (const tensor of [...graph.inputs, ...graph.constants]) define(tensor, tensor.name);
  for (const node of graph.nodes) {
    verifyNode(graph, node, defined);
    for (const output of node.outputs) define(output, `node ${node.name}`);
  }
  if (graph.outputs.size === 0) throw invalid("the graph returns nothing", "outputs");
  for (const [name, tensor] of graph.outputs) {
    if (!defined.has(tensor)) throw invalid(`output ${name} is not defined`, name);
  }
}

function verifyNode(graph: Graph, node: Node, defined: ReadonlySet<Tensor>): void {
  const where = `node ${node.name}`;
  const missing = node.inputs.find((input) => input && !defined.has(input));
  if (missing) throw invalid(`${formatNode(node)}: ${missing.name} is used before it is defined`, where);
  const operator = graph.operators.get(node.op);
  if (!operator) throw invalid(`${node.op} is not in the operator table`, where);
  const types = inferNode(operator, node.name, node);
  const agree = types.every((type, i) => {
    const output = node.outputs[i];
    return output?.dtype === type.dtype && sameShape(output.shape, type.shape);
  });
  if (!agree || types.length !== node.outputs.length) {
    const expected = types.map((type) => `${type.dtype}${formatShape(type.shape)}`).join(", ");
    throw invalid(`${formatNode(node)}: the shape rule gives ${expected}`, where);
  }
}

function invalid(message: string, where: string): GraphError {
  return new GraphError("GRAPH_INVALID", message, { where });
}
