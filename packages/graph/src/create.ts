import { Graph } from "./graph.js";
import { operatorTable } from "./ops/table.js";

/** An empty graph over all known operators. */
export function createGraph(): Graph {
  return new Graph(operatorTable);
}
