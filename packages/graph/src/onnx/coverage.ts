import type { FunctionProto, NodeProto } from "onnx-buf";
import { GraphError } from "../errors.js";
import type { OperatorTable } from "../operator.js";
import { canFold } from "./fold.js";
import { calledKey, functionKey } from "./function.js";
import { operatorOf } from "./model.js";
import { structures } from "./structure/index.js";
import { canConvert } from "./upgrade/index.js";

/**
 * Lists everything that graphs do not have at once, rather than the first of it. Branches are left to be checked when they
 * are taken.
 * @throws GraphError MODEL_UNSUPPORTED with counts by operator
 */
export function checkOperators(
  nodes: readonly NodeProto[],
  functions: readonly FunctionProto[],
  table: OperatorTable,
): void {
  const counts = new Map<string, number>();
  const open = new Map(functions.map((called) => [functionKey(called), called]));
  const defined = new Set(open.keys());
  const queue: (readonly NodeProto[])[] = [nodes];
  for (const list of queue) {
    for (const node of list) {
      const key = calledKey(node);
      const called = open.get(key);
      open.delete(key);
      if (called) queue.push(called.node);
      if (defined.has(key)) continue;
      const op = operatorOf(node);
      const bodies = structures.get(op)?.bodies ?? [];
      queue.push(...node.attribute.flatMap(({ name, g }) => (g && bodies.includes(name) ? [g.node] : [])));
      if (structures.has(op) || table.has(op) || canConvert(op, table) || canFold(op)) continue;
      counts.set(op, (counts.get(op) ?? 0) + 1);
    }
  }
  if (counts.size === 0) return;
  const list = [...counts].map(([op, count]) => `${op} (${count})`).join(", ");
  throw new GraphError("MODEL_UNSUPPORTED", `the model uses operators that graphs do not have: ${list}`, {
    value: Object.fromEntries(counts),
    fix: "Cut the model before them with the option until, or keep it whole as a teacher.",
  });
}
