import { describe, expect, it } from "vitest";
import { chainOnnx, createGraph, cutOnnx, fromOnnx, inspectModel, ops, renameInOnnx, toOnnx } from "../src/index.js";
import { backend } from "./backend.js";

/** y = relu(x · 2) of [batch, 3]. */
function doubling(input = "x", output = "y"): Uint8Array {
  const graph = createGraph();
  const x = graph.input(input, "float32", [1, 3]);
  graph.output(output, ops.relu(ops.mul(x, graph.constant("float32", [1], [2]))));
  return toOnnx(graph, { symbols: { [input]: { 0: "batch" }, [output]: { 0: "batch" } }, metadata: { of: output } });
}

async function run(model: Uint8Array, input: string, output: string, values: readonly number[]): Promise<number[]> {
  const session = await backend.createSession(model);
  const results = await session.run({
    [input]: backend.tensor("float32", Float32Array.from(values), [values.length / 3, 3]),
  });
  return [...(results[output]!.data as Float32Array)];
}

describe("renameInOnnx", () => {
  it("renames inputs, outputs and what is between, and changes no answer", async () => {
    const renamed = renameInOnnx(doubling(), { x: "pixel_values", y: "logits" });
    expect(await run(renamed, "pixel_values", "logits", [1, -1, 3])).toEqual([2, 0, 6]);
    expect(renamed.length - doubling().length).toBeLessThan(60);
  });

  it("swaps no names, and knows what it renames", () => {
    expect(() => renameInOnnx(doubling(), { x: "y" })).toThrow(expect.objectContaining({ code: "NAME_TAKEN" }));
    expect(() => renameInOnnx(doubling(), { x: "" })).toThrow(expect.objectContaining({ code: "NAME_TAKEN" }));
    expect(() => renameInOnnx(doubling(), { z: "w" })).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
    expect(() => renameInOnnx(new Uint8Array([1, 2]), {})).toThrow(expect.objectContaining({ code: "MODEL_INVALID" }));
  });
});

describe("chainOnnx", () => {
  it("puts one model in front of another, whatever names both use inside", async () => {
    const chained = chainOnnx(doubling("raw", "x"), doubling());
    expect(await run(chained, "raw", "y", [1, -1, 3, 0, 5, 2])).toEqual([4, 0, 12, 0, 20, 8]);
    const { inputs, outputs, metadata } = await fromOnnx(chained, { dims: { batch: 1 } });
    expect([[...inputs.keys()], [...outputs.keys()], metadata]).toEqual([["raw"], ["y"], { of: "y" }]);
  });

  it("keeps inputs that nothing feeds", async () => {
    const graph = createGraph();
    graph.output("y", ops.add(graph.input("x", "float32", [1, 3]), graph.input("bias", "float32", [3])));
    const { inputs } = await fromOnnx(chainOnnx(doubling("raw", "x"), toOnnx(graph)), { dims: { batch: 1 } });
    expect([...inputs.keys()]).toEqual(["raw", "bias"]);
  });

  it("refuses what does not fit", () => {
    const chain = (input: string, output: string) => () => chainOnnx(doubling(input, output), doubling());
    expect(chain("raw", "z")).toThrow(expect.objectContaining({ code: "OPTION_INVALID", fix: "Its inputs are x." }));
    expect(chain("y", "x")).toThrow(expect.objectContaining({ code: "NAME_TAKEN" }));
    expect(() => chainOnnx(doubling("raw", "x"), new Uint8Array())).toThrow(
      expect.objectContaining({ code: "MODEL_INVALID" }),
    );
  });
});

describe("cutOnnx", () => {
  /** y = relu(x · 2) + 1, and what else the file has. */
  const file = () => {
    const graph = createGraph();
    const x = graph.input("x", "float32", [1, 3]);
    const half = ops.relu(ops.mul(x, graph.constant("float32", [1], [2])));
    graph.rename(half, "half");
    const other = graph.input("other", "float32", [1, 3]);
    graph.output("y", ops.add(ops.add(half, graph.constant("float32", [3], [1, 1, 1])), other));
    return toOnnx(graph, { symbols: { x: { 0: "batch" }, other: { 0: "batch" }, y: { 0: "batch" } } });
  };

  it("ends at a value, and leaves out what that does not need", async () => {
    const cut = cutOnnx(file(), "half");
    expect(await run(cut, "x", "half", [1, -1, 3, 0, 1, 2])).toEqual([2, 0, 6, 0, 2, 4]);
    const { inputs, outputs, parameters } = await inspectModel(cut);
    expect([inputs.map(({ name }) => name), outputs.map(({ name }) => name)]).toEqual([["x"], ["half"]]);
    expect(parameters.total).toBe(1);
  });

  it("keeps all where the value is the only output", async () => {
    expect(await run(cutOnnx(doubling(), "y"), "x", "y", [1, -1, 3])).toEqual([2, 0, 6]);
  });

  it("knows what it cuts", () => {
    expect(() => cutOnnx(file(), "z")).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
    expect(() => cutOnnx(new Uint8Array([1, 2]), "z")).toThrow(expect.objectContaining({ code: "MODEL_INVALID" }));
  });
});
