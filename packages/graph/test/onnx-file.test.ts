import { describe, expect, it } from "vitest";
import { createGraph, ops, toOnnx } from "../src/index.js";
import { backend } from "./backend.js";
import { exportedLinear, FEEDS } from "./regression.js";

describe("ONNX files", () => {
  it("take any batch, hold their parameters, and leave out what no output needs", async () => {
    const file = exportedLinear();
    const session = await backend.createSession(file, { threads: 1 });
    expect(session.inputNames).toEqual(["x"]);
    for (const batch of [1, 4]) {
      const x = backend.tensor("float32", FEEDS.x.subarray(0, batch * 3), [batch, 3]);
      const { logits, same, echo } = await session.run({ x });
      expect(logits!.dims).toEqual([batch, 2]);
      expect(same!.data).toEqual(logits!.data);
      expect(echo!.data).toEqual(x.data);
    }
    expect(new TextDecoder("latin1").decode(file)).not.toContain("Exp");
  });

  it("refuse symbolic dimensions that are built in, or of nothing", () => {
    const graph = createGraph();
    const x = graph.input("x", "float32", [2, 4]);
    graph.output("y", ops.reshape(x, [2, 2, 2]));
    expect(() => toOnnx(graph, { symbols: { x: { 0: "batch" }, y: { 0: "batch" } } })).toThrow(/cannot become/);
    expect(() => toOnnx(graph, { symbols: { z: { 0: "batch" } } })).toThrow(/no input or output/);
  });

  it("refuse parameters of the wrong size", () => {
    const graph = createGraph();
    graph.output("y", ops.neg(graph.parameter("w", "float32", [3])));
    expect(() => toOnnx(graph, { parameters: { w: new Float32Array(2) } })).toThrow(/parameter w has 2 values/);
  });
});
