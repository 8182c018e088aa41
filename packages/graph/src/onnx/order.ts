import type { GraphProto, NodeProto } from "onnx-buf";
import { GraphError } from "../errors.js";

/** The part of a model on which some values depend. */
export interface NeededPart {
  /** In an order in which they can run: the file's own, where that is one. */
  readonly nodes: readonly NodeProto[];
  /** Values that something reads. */
  readonly used: ReadonlySet<string>;
}

/**
 * Finds what `roots` need.
 * @param given names of inputs and initializers
 * @throws GraphError MODEL_INVALID for values computed twice, by nobody, or from themselves
 */
export function neededPart(
  graph: Pick<GraphProto, "node">,
  roots: readonly string[],
  given: ReadonlySet<string>,
): NeededPart {
  const producers = producersOf(graph, given);
  const sorted = sortNodes(producers, roots, given);
  const needed = new Set(sorted);
  const nodes = graph.node.filter((node) => needed.has(node));
  const used = new Set([...roots, ...sorted.flatMap(readsOf)]);
  return { nodes: isOrdered(nodes, given) ? nodes : sorted, used };
}

function producersOf(graph: Pick<GraphProto, "node">, given: ReadonlySet<string>): Map<string, NodeProto> {
  const producers = new Map<string, NodeProto>();
  for (const node of graph.node) {
    for (const output of node.output) {
      if (output === "") continue;
      if (producers.has(output) || given.has(output)) throw invalid(`value ${output} is defined twice`, output);
      producers.set(output, node);
    }
  }
  return producers;
}

/** Depth first with a stack of its own: files may be deeper than JavaScript's. */
function sortNodes(
  producers: ReadonlyMap<string, NodeProto>,
  roots: readonly string[],
  given: ReadonlySet<string>,
): NodeProto[] {
  const sorted: NodeProto[] = [];
  const state = new Map<NodeProto, "open" | "done">();
  const producerOf = (name: string, where: string): NodeProto | undefined => {
    if (name === "" || given.has(name)) return undefined;
    const node = producers.get(name);
    if (!node) throw invalid(`value ${name} is defined nowhere`, name, where);
    return node;
  };
  const entry = (node: NodeProto | undefined) => ({ node, reads: node ? readsOf(node) : [], next: 0 });
  const stack = roots.map((name) => entry(producerOf(name, "outputs"))).reverse();
  while (stack.length > 0) {
    const top = stack.at(-1)!;
    if (!top.node || state.get(top.node) === "done" || top.next > top.reads.length) {
      stack.pop();
      continue;
    }
    const { node } = top;
    state.set(node, "open");
    const input = top.reads[top.next];
    top.next += 1;
    if (input === undefined) {
      state.set(node, "done");
      sorted.push(node);
      continue;
    }
    const producer = producerOf(input, `node ${node.name}`);
    if (producer && state.get(producer) === "open") throw invalid(`value ${input} depends on itself`, input);
    if (producer && !state.has(producer)) stack.push(entry(producer));
  }
  return sorted;
}

/** What a node reads: its inputs, and what the graphs among its attributes take from around them. */
function readsOf(node: NodeProto): readonly string[] {
  const captured = node.attribute.flatMap(({ g }) => (g ? [...capturesOf(g)] : []));
  return captured.length > 0 ? [...node.input, ...captured] : node.input;
}

/** All graphs among the attributes of nodes, and of the nodes in them. */
export function nestedGraphs(nodes: readonly NodeProto[]): GraphProto[] {
  const found: GraphProto[] = [];
  const queue = [nodes];
  for (const list of queue) {
    const graphs = list.flatMap((node) => node.attribute.flatMap(({ g }) => (g ? [g] : [])));
    found.push(...graphs);
    queue.push(...graphs.map(({ node }) => node));
  }
  return found;
}

const captures: WeakMap<GraphProto, ReadonlySet<string>> = new WeakMap();

/** Names that a graph inside of another takes from around it. */
export function capturesOf(graph: GraphProto): ReadonlySet<string> {
  const known = captures.get(graph);
  if (known) return known;
  const own = new Set([
    "",
    ...graph.input.map(({ name }) => name),
    ...graph.initializer.map(({ name }) => name),
    ...graph.sparseInitializer.map(({ values }) => values?.name ?? ""),
    ...graph.node.flatMap((node) => node.output),
  ]);
  const read = [...graph.node.flatMap(readsOf), ...graph.output.map(({ name }) => name)];
  const found = new Set(read.filter((name) => !own.has(name)));
  captures.set(graph, found);
  return found;
}

function isOrdered(nodes: readonly NodeProto[], given: ReadonlySet<string>): boolean {
  const known = new Set(given);
  return nodes.every((node) => {
    const ready = readsOf(node).every((input) => input === "" || known.has(input));
    for (const output of node.output) known.add(output);
    return ready;
  });
}

function invalid(message: string, value: string, where?: string): GraphError {
  return new GraphError("MODEL_INVALID", message, { value, ...(where ? { where } : {}) });
}
