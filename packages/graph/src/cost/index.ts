import type { Graph } from "../graph.js";
import { livePart } from "../prune.js";
import type { Node } from "../tensor.js";
import { addCosts, type Cost, type CostRule, type CostRules, elementwise, FREE } from "./cost.js";
import { MOVING, movement } from "./movement.js";
import { products } from "./products.js";
import { reductions } from "./reductions.js";

const families: readonly CostRules[] = [products, reductions, movement];

const rules: ReadonlyMap<string, CostRule> = new Map(families.flatMap((family) => Object.entries(family)));

/** The operators that have a rule of their own. */
export const costedOperators: readonly string[] = [...rules.keys()];

/** Whether an operator costs nothing, whatever its shapes. */
export function isFree(op: string): boolean {
  return MOVING.includes(op);
}

/**
 * What one node computes. A multiply-accumulate pair is two operations; a function such as `Exp` or `Tanh` is one for each
 * element; what moves values, and arithmetic on integers outside of quantized products, is free.
 */
export function nodeCost(node: Node): Cost {
  return (rules.get(node.op) ?? elementwise)(node);
}

/** What a graph computes in one run, and each of its operators. */
export interface GraphCost extends Cost {
  readonly operators: Readonly<Record<string, Cost & { readonly count: number }>>;
}

/** The arithmetic of one run of a graph, of the nodes that its outputs need; see {@link nodeCost} for what counts. */
export function graphCost(graph: Graph): GraphCost {
  const operators: Record<string, Cost & { count: number }> = {};
  for (const node of livePart(graph).nodes) {
    const known = operators[node.op] ?? { ...FREE, count: 0 };
    operators[node.op] = { ...addCosts(known, nodeCost(node)), count: known.count + 1 };
  }
  return { ...Object.values(operators).reduce<Cost>(addCosts, FREE), operators };
}
