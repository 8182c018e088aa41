import type { Graph } from "../graph.js";
import { livePart } from "../prune.js";
import { sizeOf } from "../shape.js";
import type { Node, Tensor } from "../tensor.js";
import { rewrite } from "./rewrite.js";

/** Numbers of which a product must consist to be worth a node. */
const MIN_SIZE = 1 << 16;
/** Nodes between two readers from which on a product is worth its second computation. */
const MIN_GAP = 32;

/**
 * Computes large products again for those who read them much later, where both factors are kept for later readers anyway.
 * That costs a pass over memory, while to keep a product from the forward to the backward pass costs its whole size,
 * in every layer. Gates such as GELU and SiLU are such products. Results stay the same to the bit.
 * Where nodes stand says roughly when they run: updates of parameters stand at the end, and run once their gradient is there.
 */
export function recomputeProducts(graph: Graph): Graph {
  const { nodes } = livePart(graph);
  const places = new Map(nodes.map((node, place) => [node, place]));
  const readers = placesOfReaders(nodes);
  const returned = new Set(graph.outputs.values());
  const resumed = new Map<Tensor, number>();
  for (const node of nodes) {
    const late = returned.has(node.outputs[0]!) ? undefined : lateReader(node, readers);
    if (late !== undefined) resumed.set(node.outputs[0]!, late);
  }
  if (resumed.size === 0) return graph;
  const copies = new Map<Tensor, Tensor>();
  return rewrite(graph, {
    node: (node, { target, of }) => {
      const isLate = (input: Tensor) => places.get(node)! >= (resumed.get(input) ?? Number.POSITIVE_INFINITY);
      if (!node.inputs.some((input) => input && isLate(input))) return undefined;
      const copyOf = (product: Tensor): Tensor => {
        // The other way round, so that neither we nor ONNX Runtime take the two for one.
        const copy = copies.get(product) ?? target.emit("Mul", factorsOf(product).map(of).reverse())[0]!;
        copies.set(product, copy);
        return copy;
      };
      return target.repeat(
        node,
        node.inputs.map((input) => input && (isLate(input) ? copyOf(input) : of(input))),
      );
    },
  });
}

function factorsOf({ source }: Tensor): Tensor[] {
  return source.kind === "node" ? source.node.inputs.map((input) => input!) : [];
}

/** Where each value is read, in the order in which nodes stand. */
function placesOfReaders(nodes: readonly Node[]): ReadonlyMap<Tensor, readonly number[]> {
  const readers = new Map<Tensor, number[]>();
  for (const [place, { inputs }] of nodes.entries()) {
    for (const input of new Set(inputs)) {
      if (!input) continue;
      const known = readers.get(input);
      if (known) known.push(place);
      else readers.set(input, [place]);
    }
  }
  return readers;
}

/** Place of the first reader from which on a node's product is worth computing again, if there is one. */
function lateReader(
  { op, inputs, outputs: [product] }: Node,
  readers: ReadonlyMap<Tensor, readonly number[]>,
): number | undefined {
  const [a, b] = inputs;
  if (op !== "Mul" || !product || !a || !b || a === b) return undefined;
  const size = sizeOf(product.shape);
  if (size < MIN_SIZE || sizeOf(a.shape) !== size || sizeOf(b.shape) !== size) return undefined;
  const own = readers.get(product) ?? [];
  const gap = own.findIndex((at, i) => i > 0 && at - own[i - 1]! > MIN_GAP);
  const isKept = (factor: Tensor) => readers.get(factor)!.at(-1)! - own[gap - 1]! > MIN_GAP;
  return gap > 0 && isKept(a) && isKept(b) ? own[gap] : undefined;
}
