import { isFloat } from "./dtype.js";
import { GraphError } from "./errors.js";
import type { Graph } from "./graph.js";
import { add, expand } from "./ops/build.js";
import { formatNode } from "./print.js";
import { formatShape, sameShape, sizeOf } from "./shape.js";
import type { Node, Tensor } from "./tensor.js";

/** Options of {@link gradients}. */
export interface GradientOptions {
  /** Whether the gradients will be differentiated in turn, as PyTorch's `create_graph`; costs a little. Default `false`. */
  readonly again?: boolean;
}

/**
 * Extends the graph of `loss` by the nodes that compute its gradients, for exactly the path between the loss and `wrt`.
 * @param loss one element of any rank
 * @param wrt tensors of the same graph
 * @returns one gradient for each of `wrt`, of its shape
 * @throws GraphError NOT_SCALAR; NO_GRADIENT naming the node; PARAMETER_UNUSED where the loss does not depend on a tensor
 */
export function gradients(loss: Tensor, wrt: readonly Tensor[], { again = false }: GradientOptions = {}): Tensor[] {
  const { graph } = loss;
  if (sizeOf(loss.shape) !== 1 || !isFloat(loss.dtype)) {
    throw new GraphError("NOT_SCALAR", `the loss ${loss.name} is ${loss.dtype}${formatShape(loss.shape)}`, {
      value: loss.shape,
      fix: "Reduce it to one number, for example with reduceMean.",
    });
  }
  const dependent = dependentsOf(graph, wrt);
  const asked = new Set(wrt);
  const found = new Map<Tensor, Tensor>([[loss, graph.constant(loss.dtype, loss.shape, [1])]]);
  for (const node of [...graph.nodes].reverse()) {
    if (node.detached || !node.outputs.some((output) => found.has(output) && dependent.has(output))) continue;
    for (const [input, gradient] of inputGradients(node, { found, dependent, asked, again })) {
      const known = found.get(input);
      found.set(input, known ? add(known, gradient) : gradient);
    }
  }
  return wrt.map((tensor) => {
    const gradient = found.get(tensor);
    if (gradient) return gradient;
    if (dependentsOf(graph, [tensor]).has(loss)) return expand(graph.scalar(0, tensor.dtype), tensor.shape);
    throw new GraphError("PARAMETER_UNUSED", `the loss ${loss.name} does not depend on ${tensor.name}`, {
      value: tensor.name,
      fix: "Remove it from the trained parameters, or use it in the loss, and not only through detached values.",
    });
  });
}

/** All values that depend on `roots` through nodes that are not detached. */
function dependentsOf(graph: Graph, roots: readonly Tensor[]): Set<Tensor> {
  const dependent = new Set(roots);
  for (const node of graph.nodes) {
    if (!node.detached && node.inputs.some((input) => input && dependent.has(input))) {
      for (const output of node.outputs) dependent.add(output);
    }
  }
  return dependent;
}

/** How far the reverse walk has come, and where it is to go. */
interface Walk {
  readonly found: ReadonlyMap<Tensor, Tensor>;
  readonly dependent: ReadonlySet<Tensor>;
  readonly asked: ReadonlySet<Tensor>;
  readonly again: boolean;
}

function inputGradients(node: Node, { found, dependent, asked, again }: Walk): [Tensor, Tensor][] {
  const operator = node.outputs[0]!.graph.operators.get(node.op)!;
  const depends = node.inputs.map((input) => input !== undefined && dependent.has(input));
  const wants = node.inputs.map((input, i) => depends[i]! && isFloat(input!.dtype));
  const concerned = operator.throughIntegers ? depends : wants;
  if (!concerned.includes(true)) return [];
  if (typeof operator.gradient === "string") throw noGradient(node, operator.gradient);
  const results = operator.gradient({
    node,
    inputs: node.inputs as readonly Tensor[],
    outputs: node.outputs,
    outputGradients: node.outputs.map((output) => found.get(output)),
    wants,
    asked,
    again,
  });
  return node.inputs.flatMap((input, i): [Tensor, Tensor][] => {
    const gradient = results[i];
    if (!input || !wants[i] || gradient === "zero") return [];
    if (!gradient) throw noGradient(node, `it has none for input ${i}, ${input.name}`);
    if (!sameShape(gradient.shape, input.shape)) {
      throw new GraphError("GRAPH_INVALID", `gradient of ${input.name} has shape ${formatShape(gradient.shape)}`, {
        where: `node ${node.name}`,
        value: formatNode(node),
      });
    }
    return [[input, gradient]];
  });
}

function noGradient(node: Node, reason: string): GraphError {
  return new GraphError("NO_GRADIENT", `${node.op} has no gradient: ${reason}`, {
    where: `node ${node.name}`,
    value: formatNode(node),
    fix: "Detach its result, or train only what comes after it.",
  });
}
