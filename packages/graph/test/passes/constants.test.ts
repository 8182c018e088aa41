import { describe, expect, it } from "vitest";
import { createGraph, foldConstants, fromOnnx, ops, printGraph, toOnnx } from "../../src/index.js";
import { count, expectSame, run } from "./same.js";

describe("constant folding", () => {
  it("replaces what depends on constants alone by its values", async () => {
    const graph = createGraph();
    const x = graph.input("x", "float32", [2, 2]);
    const weight = ops.transpose(graph.constant("float32", [2, 2], [1, 2, 3, 4]));
    const scale = ops.neg(ops.reduceSum(weight));
    graph.output("y", ops.add(ops.matmul(x, ops.mul(weight, 2)), ops.mul(x, scale)));
    const folded = await foldConstants(graph, run);
    expect(printGraph(graph)).toMatchInlineSnapshot(`
      "graph {
        input x: float32[2,2]
        transpose_1: float32[2,2] = Transpose([1,2,3,4]; perm=[1,0])
        reducesum_1: float32[] = ReduceSum(transpose_1; keepdims=0)
        neg_1: float32[] = Neg(reducesum_1)
        mul_1: float32[2,2] = Mul(transpose_1, 2)
        matmul_1: float32[2,2] = MatMul(x, mul_1)
        mul_2: float32[2,2] = Mul(x, neg_1)
        add_1: float32[2,2] = Add(matmul_1, mul_2)
        return y = add_1
      }"
    `);
    expect(printGraph(folded)).toMatchInlineSnapshot(`
      "graph {
        input x: float32[2,2]
        matmul_1: float32[2,2] = MatMul(x, [2,6,4,8])
        mul_2: float32[2,2] = Mul(x, -10)
        add_1: float32[2,2] = Add(matmul_1, mul_2)
        return y = add_1
      }"
    `);
    await expectSame(folded, graph, 1e-6);
  });

  it("leaves parameters, randomness and what depends on them", async () => {
    const graph = createGraph();
    const one = graph.constant("float32", [2], [1, 1]);
    const ratio = graph.scalar(0.5);
    const isTraining = graph.constant("bool", [], [1]);
    graph.output("a", ops.exp(graph.emit("Dropout", [one, ratio, isTraining])[0]!));
    graph.output("b", ops.exp(ops.dropout(one, 0.5)));
    graph.output("c", ops.mul(ops.exp(one), graph.parameter("p", "float32", [2])));
    const folded = await foldConstants(graph, run);
    expect(folded.nodes.map(({ op }) => op)).toEqual(["Dropout", "Exp", "Mul", "Exp", "Mul"]);
    expect(await foldConstants(folded, run)).toBe(folded);
  });

  it("keeps names: of outputs that turn out constant, and of values", async () => {
    const graph = createGraph();
    const sum = ops.add(graph.constant("int64", [2], [1, 2]), graph.constant("int64", [2], [3, 4]));
    graph.rename(sum, "sum");
    const product = ops.mul(sum, sum);
    graph.rename(product, "product");
    graph.output("sum", sum);
    graph.output("y", ops.mul(ops.cast(product, "float32"), graph.input("x", "float32", [2])));
    const folded = await foldConstants(graph, run);
    expect([count(folded, "Add"), count(folded, "Mul"), count(folded, "Cast")]).toEqual([0, 1, 0]);
    await expectSame(folded, graph);
    const { outputs } = await fromOnnx(toOnnx(folded));
    expect([...outputs.keys()]).toEqual(["sum", "y"]);
  });

  it("stores some of a node's results where others are not read", async () => {
    const graph = createGraph();
    const values = graph.constant("float32", [3], [1, 3, 2]);
    const [top] = graph.emit("TopK", [values, graph.ints([2])]);
    graph.output("y", ops.mul(top!, graph.input("x", "float32", [2])));
    const folded = await foldConstants(graph, run);
    expect(folded.nodes.map(({ op }) => op)).toEqual(["Mul"]);
    await expectSame(folded, graph);
  });

  it("does not make files grow: large results are stored where they replace constants as large", async () => {
    const graph = createGraph();
    const x = graph.input("x", "float32", [4, 50]);
    const wide = ops.expand(ops.exp(graph.scalar(1)), [4, 50]);
    const matrix = ops.transpose(graph.constant("float32", [50, 4], new Array(200).fill(0.5)));
    const shared = graph.constant("float32", [50, 4], new Array(200).fill(0.25));
    graph.output("y", ops.add(ops.mul(x, wide), matrix));
    graph.output("z", ops.add(ops.transpose(shared), ops.reduceSum(wide)));
    graph.output("shared", ops.mul(shared, graph.input("s", "float32", [])));
    const folded = await foldConstants(graph, run, { largest: 100 });
    expect(folded.nodes.map(({ op }) => op)).toEqual(["Expand", "Mul", "Add", "Transpose", "Add", "Mul"]);
    expect(toOnnx(folded).length).toBeLessThan(toOnnx(graph).length);
    await expectSame(folded, graph, 1e-6);
    const all = await foldConstants(graph, run);
    expect(all.nodes.map(({ op }) => op)).toEqual(["Mul", "Add", "Mul"]);
    await expectSame(all, graph, 1e-6);
  });
});
