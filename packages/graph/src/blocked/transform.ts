import { Graph } from "../graph.js";
import { mergeCommon } from "../passes/common.js";
import { readersOf } from "../passes/nodes.js";
import { livePart } from "../prune.js";
import type { Node } from "../tensor.js";
import { canEmit, emitFilterGradient, type FilterGradient, matchFilterGradient } from "./filter-gradient.js";
import { Layouts } from "./layouts.js";
import { withBlockedOperators } from "./operators.js";
import { rules } from "./rules.js";

/**
 * The same graph with convolutions over images, and what stands between them, in ONNX Runtime's blocked layout. Its own
 * optimizer does this for constant filters only, which no trained network has. The result runs on ONNX Runtime's CPU
 * kernels with blocks of this size, and nowhere else. Inputs and outputs keep names and shapes.
 * @param block channels of a block; see `channelBlock`
 */
export function toBlockedLayout(graph: Graph, block: number): Graph {
  const { nodes } = livePart(graph);
  const target = new Graph(withBlockedOperators(graph.operators), graph.provider);
  const named = [...graph.constants, ...graph.nodes, ...graph.nodes.flatMap((node) => node.outputs)];
  target.reserve([...named.map(({ name }) => name), ...graph.outputs.keys()]);
  const readers = readersOf(graph);
  const layouts = new Layouts(target, block, readers);
  for (const input of graph.inputs) layouts.plain(input);
  const gradients = new Map<Node, FilterGradient>();
  for (const node of nodes) {
    const found = matchFilterGradient(node, readers);
    if (found && canEmit(found, layouts)) gradients.set(node, found);
  }
  const skipped = new Set([...gradients.values()].flatMap(({ inner }) => inner));
  for (const node of nodes) {
    const gradient = gradients.get(node);
    if (gradient) layouts.set(node.outputs[0]!, { plain: emitFilterGradient(gradient, layouts) });
    else if (!skipped.has(node) && !rules.get(node.op)?.(node, layouts)) repeat(node, layouts);
  }
  for (const [name, tensor] of graph.outputs) target.output(name, layouts.plain(tensor));
  return mergeCommon(target);
}

function repeat(node: Node, layouts: Layouts): void {
  const inputs = node.inputs.map((input) => input && layouts.plain(input));
  for (const [i, plain] of layouts.target.repeat(node, inputs).entries()) layouts.set(node.outputs[i]!, { plain });
}
