import { Graph } from "./graph.js";
import { operatorTable } from "./ops/table.js";
import type { ExecutionProvider } from "./provider.js";

export interface GraphOptions {
  /**
   * What the graph will run on. Operators that it lacks or gets wrong are put together from others as the graph is built,
   * gradients included. Default `cpu`.
   */
  readonly provider?: ExecutionProvider;
}

/** An empty graph over all known operators. */
export function createGraph({ provider }: GraphOptions = {}): Graph {
  return new Graph(operatorTable, provider);
}
