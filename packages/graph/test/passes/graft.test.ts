import { describe, expect, it } from "vitest";
import { createGraph, graft, ops, type Tensor, toOnnx } from "../../src/index.js";
import { backend } from "../backend.js";

/** A network for one sample, whose reshapes know it. */
function single() {
  const graph = createGraph();
  const x = graph.input("x", "float32", [1, 2, 3]);
  const weight = graph.constant("float32", [3, 2], [1, 2, 3, 4, 5, 6], "weight");
  const rows = graph.emit("Reshape", [x, graph.ints([2, 3])])[0]!;
  const product = ops.relu(ops.matmul(rows, weight));
  const y = graph.emit("Reshape", [product, graph.ints([1, 4])])[0]!;
  graph.output("y", y);
  return { graph, x, y, product };
}

describe("a graph that is put into another", () => {
  it("takes batches, and gives each sample what it got alone", async () => {
    const { graph, x, y, product } = single();
    const target = createGraph();
    const images = target.input("x", "float32", [3, 2, 3]);
    const copies = graft(graph, target, { inputs: new Map([[x, images]]), prefix: "teacher/" });
    expect(copies.get(y)!.shape).toEqual([3, 4]);
    expect(copies.get(product)!.name).toBe(`teacher/${product.name}`);
    expect(target.constants.map(({ name }) => name)).toContain("teacher/weight");
    target.output("y", copies.get(y)!);
    const values = Float32Array.from({ length: 18 }, (_, i) => Math.sin(i));
    const run = async (bytes: Uint8Array, data: Float32Array, shape: readonly number[]) => {
      const session = await backend.createSession(bytes, { threads: 1 });
      const result = await session.run({ x: backend.tensor("float32", data, shape) });
      await session.release();
      return [...(result.y!.data as Float32Array)];
    };
    const all = await run(toOnnx(target), values, [3, 2, 3]);
    const one = toOnnx(graph);
    for (let i = 0; i < 3; i++) {
      expect(all.slice(4 * i, 4 * i + 4)).toEqual(await run(one, values.slice(6 * i, 6 * i + 6), [1, 2, 3]));
    }
  });

  it("may stand in one graph several times, under other names", () => {
    const { graph, x } = single();
    const target = createGraph();
    const images = target.input("x", "float32", [2, 2, 3]);
    const options = (prefix: string) => ({ inputs: new Map([[x, images]]), prefix });
    graft(graph, target, options("a/"));
    graft(graph, target, options("b/"));
    expect(() => graft(graph, target, options("a/"))).toThrow(/exists already/);
  });

  it("may stand there under made-up names, its numbers once", () => {
    const { graph, x, y } = single();
    const target = createGraph();
    const weight = target.parameter("mine", "float32", [3, 2]);
    const leaf = (tensor: Tensor) =>
      tensor.dtype === "int64" ? target.shared(tensor.name, () => target.adopt(tensor, `old/${tensor.name}`)) : weight;
    const shapes = ["a", "b"].map((name) => {
      const inputs = new Map([[x, target.input(name, "float32", [1, 2, 3])]]);
      return graft(graph, target, { inputs, leaf }).get(y)!.shape;
    });
    expect(shapes).toEqual([
      [1, 4],
      [1, 4],
    ]);
    expect(target.nodes.filter(({ inputs }) => inputs.includes(weight))).toHaveLength(2);
    expect(target.constants.some(({ name }) => name.includes("weight"))).toBe(false);
  });

  it("says at which node new inputs do not fit", () => {
    const { graph, x } = single();
    const target = createGraph();
    const images = target.input("x", "float32", [2, 2, 5]);
    expect(() => graft(graph, target, { inputs: new Map([[x, images]]), prefix: "" })).toThrow(/Reshape|MatMul/);
  });
});
