import type { Graph } from "../graph.js";
import { rewrite } from "./rewrite.js";

/** The same graph without nodes and constants that no output needs. Inputs stay, used or not: they are how it is fed. */
export function dropDeadCode(graph: Graph): Graph {
  return rewrite(graph);
}
