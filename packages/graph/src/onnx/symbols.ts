import { GraphError } from "../errors.js";
import { type Graph, inferNode } from "../graph.js";
import { livePart } from "../prune.js";
import { formatShape, type Shape } from "../shape.js";
import { Tensor } from "../tensor.js";

/** Symbolic dimensions by input or output and axis: `{ images: { 0: "batch" } }`. */
export type Symbols = Readonly<Record<string, Readonly<Record<number, string>>>>;

/** Sizes that symbolic dimensions are tried with; unlikely to meet a dimension of the graph by chance. */
const TRIALS = [7919, 104_729];

/**
 * Makes sure that a graph really works for any size of its symbolic dimensions: shapes are worked out anew with other
 * sizes, and only what is declared symbolic may change.
 * @throws GraphError OPTION_INVALID for unknown names, SHAPE_MISMATCH where a size is built in
 */
export function checkSymbols(graph: Graph, symbols: Symbols): void {
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  const unknown = Object.keys(symbols).find((name) => !inputs.has(name) && !graph.outputs.has(name));
  if (unknown !== undefined) {
    throw new GraphError("OPTION_INVALID", `symbols name ${unknown}, which is no input or output`, { value: unknown });
  }
  if (Object.keys(symbols).some((name) => inputs.has(name))) for (const size of TRIALS) tryWith(graph, symbols, size);
}

function tryWith(graph: Graph, symbols: Symbols, size: number): void {
  const changed = new Map<Tensor, Tensor>();
  const resized = (shape: Shape, name: string) => shape.map((dim, axis) => (symbols[name]?.[axis] ? size : dim));
  const shadow = (tensor: Tensor, shape: Shape) => {
    changed.set(tensor, new Tensor(graph, tensor.name, { dtype: tensor.dtype, shape }, tensor.source));
  };
  for (const input of graph.inputs) shadow(input, resized(input.shape, input.name));
  for (const node of livePart(graph).nodes) {
    const inputs = node.inputs.map((input) => input && (changed.get(input) ?? input));
    const types = inferNode(graph.operators.get(node.op)!, node.name, { ...node, inputs });
    for (const [i, type] of types.entries()) shadow(node.outputs[i]!, type.shape);
  }
  for (const [name, tensor] of graph.outputs) {
    const [expected, actual] = [resized(tensor.shape, name), (changed.get(tensor) ?? tensor).shape];
    if (formatShape(expected) === formatShape(actual)) continue;
    throw new GraphError("SHAPE_MISMATCH", `${name} is ${formatShape(actual)} instead of ${formatShape(expected)}`, {
      where: `output ${name}`,
      value: size,
      fix: "A size is built into the graph: let reshapes copy (0) or work out (-1) the symbolic dimension.",
    });
  }
}
