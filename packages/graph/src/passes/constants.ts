import { zeros } from "../dtype.js";
import type { Graph } from "../graph.js";
import { toOnnx } from "../onnx/encode.js";
import type { ShapeProbe } from "../onnx/shapes.js";
import { livePart } from "../prune.js";
import { sizeOf } from "../shape.js";
import type { Node, Tensor } from "../tensor.js";
import { isRandom, type Readers, readersOf, writtenOver } from "./nodes.js";
import { rewrite } from "./rewrite.js";

export interface FoldConstantsOptions {
  /** Results of at most this many elements are stored. Default 65,536. */
  readonly largest?: number;
}

const LARGEST_STORED = 65_536;

/**
 * Replaces what depends on constants alone by its values. A backend works them out, once, so that they are what the graph
 * itself would compute. A result above the limit stays computed, unless constants of its size become unnecessary by it:
 * a file does not grow by an Expand. Parameters are no constants; see `freezeParameters`.
 * @param run runs a model: `probeWith(backend)`
 */
export async function foldConstants(graph: Graph, run: ShapeProbe, options: FoldConstantsOptions = {}): Promise<Graph> {
  const { stored, needed } = choose(graph, options.largest ?? LARGEST_STORED);
  const results = [...stored].flatMap((node) => node.outputs.filter((output) => needed.has(output)));
  if (results.length === 0) return graph;
  const part = rewrite(graph, {}, new Map(results.map((tensor) => [tensor.name, tensor])));
  const values = await run(toOnnx(part, { name: "constants" }), {});
  return rewrite(graph, {
    node: (node, { target }) => {
      const { outputs } = node;
      if (!stored.has(node)) return outputs.some((output) => needed.has(output)) ? undefined : [];
      return outputs.map((output) => {
        if (!needed.has(output)) return undefined;
        // An output keeps its name to itself: it will be a copy of the constant.
        const name = graph.outputs.has(output.name) ? undefined : output.name;
        return target.constant(output.dtype, output.shape, values[output.name]!.data, name);
      });
    },
  });
}

interface Choice {
  /** Nodes whose results become constants. */
  readonly stored: ReadonlySet<Node>;
  /** Values that are read once these are constants. */
  readonly needed: ReadonlySet<Tensor>;
}

/** From the outputs back: of a computation the last node that can be stored is; one that is too large passes it on. */
function choose(graph: Graph, largest: number): Choice {
  const { nodes } = livePart(graph);
  const [alone, readers] = [writtenOver(graph), readersOf(graph)];
  const computable = computableNodes(graph, nodes, alone);
  const needed = new Set(graph.outputs.values());
  const stored = new Set<Node>();
  for (const node of [...nodes].reverse()) {
    const results = node.outputs.filter((output) => needed.has(output));
    if (results.length === 0) continue;
    const fits = () =>
      results.every((output) => sizeOf(output.shape) <= largest) || bytesOf(results) <= freedBytes(node, readers);
    if (computable.has(node) && !results.some((output) => alone.has(output)) && fits()) stored.add(node);
    else for (const input of node.inputs) if (input) needed.add(input);
  }
  return { stored, needed };
}

/** Nodes that depend on constants alone, and give the same each time. */
function computableNodes(graph: Graph, nodes: readonly Node[], alone: ReadonlySet<Tensor>): ReadonlySet<Node> {
  const computable = new Set<Node>();
  const isKnown = ({ source }: Tensor) =>
    source.kind === "constant" || (source.kind === "node" && computable.has(source.node));
  for (const node of nodes) {
    if (isRandom(graph, node)) continue;
    if (node.inputs.every((input) => !input || (isKnown(input) && !alone.has(input)))) computable.add(node);
  }
  return computable;
}

/** Room of the constants that only this node's computation reads. */
function freedBytes(node: Node, readers: Readers): number {
  const behind = new Set([node]);
  const constants = new Set<Tensor>();
  for (const { inputs } of behind) {
    for (const input of inputs) {
      if (input?.source.kind === "node") behind.add(input.source.node);
      else if (input) constants.add(input);
    }
  }
  const isFreed = (tensor: Tensor) => readers(tensor).every((reader) => reader !== "output" && behind.has(reader));
  return bytesOf([...constants].filter(isFreed));
}

function bytesOf(tensors: readonly Tensor[]): number {
  return tensors.reduce((sum, { dtype, shape }) => sum + sizeOf(shape) * zeros(dtype, 0).BYTES_PER_ELEMENT, 0);
}
