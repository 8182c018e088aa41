import { describe, expect, it } from "vitest";
import { createGraph, dropDeadCode, gradients, ops, printGraph } from "../../src/index.js";
import { rewrite } from "../../src/passes/rewrite.js";
import { expectSame } from "./same.js";

describe("dead code", () => {
  it("goes; inputs stay", async () => {
    const graph = createGraph();
    const x = graph.input("x", "float32", [2]);
    const unused = graph.parameter("unused", "float32", [2]);
    ops.mul(ops.exp(x), unused);
    graph.output("y", ops.add(x, 1));
    const pruned = dropDeadCode(graph);
    expect(printGraph(pruned)).toMatchInlineSnapshot(`
      "graph {
        input x: float32[2]
        parameter unused: float32[2]
        add_1: float32[2] = Add(x, 1)
        return y = add_1
      }"
    `);
    expect(pruned.constants).toHaveLength(1);
    expect(printGraph(graph)).toContain("Exp");
    await expectSame(pruned, graph);
  });

  it("takes along names, random inputs and what the reverse walk stops at", () => {
    const graph = createGraph();
    const x = graph.parameter("x", "float32", [2]);
    const y = ops.add(ops.dropout(x, 0.5), ops.detach(x));
    graph.rename(y, "sum");
    graph.output("y", y);
    const copy = dropDeadCode(graph);
    expect(printGraph(copy)).toBe(printGraph(graph));
    const [gradient] = gradients(ops.reduceSum(copy.outputs.get("y")!), [copy.inputs[0]!]);
    copy.output("dx", gradient!);
    expect(printGraph(copy)).toContain("dx = mul");
  });

  it("is not computed by a rewriting's rules either", () => {
    const graph = createGraph();
    graph.output("y", ops.relu(graph.input("x", "float32", [2])));
    expect(() => rewrite(graph, { node: () => [] })).toThrow("is computed by a node of another graph");
  });
});
