import type { GraphProto } from "onnx-buf";
import type { Graph } from "../graph.js";
import type { Tensor } from "../tensor.js";
import { nestedGraphs } from "./order.js";

/** Gives a graph's values the names that the file has for them. */
export class Names {
  /** Every value of the file that is in the graph, by its name. */
  readonly values: Map<string, Tensor> = new Map();
  readonly #graph: Graph;
  /** The model's own names, without those inside of branches and loops. */
  readonly #own: ReadonlySet<string>;
  readonly #given = new Set<string>();
  readonly #named = new Set<Tensor>();

  constructor(graph: Graph, file: GraphProto) {
    this.#graph = graph;
    this.#own = new Set(namesOf(file));
    graph.reserve([file, ...nestedGraphs(file.node)].flatMap(namesOf));
  }

  /** A value that stands for several of the file's goes by the first name. */
  give(tensor: Tensor, name: string, isOwn: boolean): void {
    const key = isOwn ? name : this.free(name, isOwn);
    this.values.set(key, tensor);
    if (this.#named.has(tensor)) return;
    this.#named.add(tensor);
    this.#given.add(key);
    this.#graph.rename(tensor, key);
  }

  /** The name, or where several branches use it, the name with a number. */
  free(name: string, isOwn: boolean): string {
    const isTaken = (candidate: string) => this.#given.has(candidate) || (!isOwn && this.#own.has(candidate));
    let free = name;
    for (let count = 2; isTaken(free); count++) free = `${name}/${count}`;
    return free;
  }

  /** The file's names for a value of the graph. */
  aliases(tensorName: string): string[] {
    return [...this.values].filter(([, tensor]) => tensor.name === tensorName).map(([name]) => name);
  }

  /** Lets a name stand for another value from now on. */
  replace(name: string, tensor: Tensor): void {
    this.values.set(name, tensor);
  }
}

function namesOf(graph: GraphProto): string[] {
  return [
    ...graph.node.flatMap((node) => node.output),
    ...graph.initializer.map(({ name }) => name),
    ...graph.sparseInitializer.map(({ values }) => values?.name ?? ""),
    ...graph.input.map(({ name }) => name),
  ];
}
