import { describe, expect, it } from "vitest";
import { createGraph, type Graph, GraphError, gradients, ops, type Tensor } from "../src/index.js";
import { expectClose, runGraph } from "./harness.js";

describe("tests of special values", () => {
  it("find NaN and the infinities", async () => {
    const graph = createGraph();
    const x = graph.input("x", "float32", [4]);
    graph.output("nan", ops.isNan(x));
    graph.output("inf", ops.isInf(x));
    graph.output("positive", graph.emit("IsInf", [x], { detect_negative: 0 })[0]!);
    const results = await runGraph(graph, { x: Float32Array.of(Number.NaN, Infinity, -Infinity, 1) });
    expect(results.nan!.data).toEqual([1, 0, 0, 0]);
    expect(results.inf!.data).toEqual([0, 1, 1, 0]);
    expect(results.positive!.data).toEqual([0, 1, 0, 0]);
  });
});

describe("gradients where differences do not exist", () => {
  it.each(["Max", "Min"])("%s of three shares ties equally", async (op) => {
    const graph = createGraph();
    const parts = ["a", "b", "c"].map((name) => graph.input(name, "float32", [3]));
    const [y] = graph.emit(op, parts);
    const weights = graph.constant("float32", [3], [6, 6, 6]);
    for (const [i, gradient] of gradients(ops.reduceSum(ops.mul(y!, weights)), parts).entries()) {
      graph.output(`d${i}`, gradient);
    }
    const sign = op === "Max" ? 1 : -1;
    const results = await runGraph(graph, {
      a: Float32Array.of(1, 2, 3).map((v) => v * sign),
      b: Float32Array.of(1, 2, 0).map((v) => v * sign),
      c: Float32Array.of(1, 0, 1).map((v) => v * sign),
    });
    expect([results.d0!.data, results.d1!.data, results.d2!.data]).toEqual([
      [2, 3, 6],
      [2, 3, 0],
      [2, 0, 0],
    ]);
  });

  it("ReduceMin shares ties, ReduceL1 is flat at zero, as in PyTorch", async () => {
    const graph = createGraph();
    const x = graph.input("x", "float32", [2, 3]);
    const row = { axes: [1] };
    const loss = ops.add(ops.reduceSum(ops.reduceMin(x, row)), ops.mul(ops.reduceSum(ops.reduceL1(x, row)), 10));
    graph.output("dX", gradients(loss, [x])[0]!);
    const { dX } = await runGraph(graph, { x: Float32Array.of(0, 0, 5, -1, 2, 3) });
    expectClose(dX!.data, [0.5, 0.5, 10, -9, 10, 10], 1e-6, "dX");
  });
});

describe("gradients of infinities", () => {
  it.each(["Max", "Min"])("%s shares ties, also infinite ones", async (op) => {
    const graph = createGraph();
    const parts = ["a", "b"].map((name) => graph.input(name, "float32", [4]));
    const [y] = graph.emit(op, parts);
    for (const [i, gradient] of gradients(ops.reduceSum(y!), parts).entries()) graph.output(`d${i}`, gradient);
    const sign = op === "Max" ? 1 : -1;
    const results = await runGraph(graph, {
      a: Float32Array.of(Infinity, -Infinity, Infinity, 1).map((v) => v * sign),
      b: Float32Array.of(Infinity, -Infinity, 0, 2).map((v) => v * sign),
    });
    expect([results.d0!.data, results.d1!.data]).toEqual([
      [0.5, 0.5, 1, 0],
      [0.5, 0.5, 0, 1],
    ]);
  });
});

describe("gradients of what changes nothing are zero", () => {
  const four = (graph: Graph) => ({
    x: graph.input("x", "float32", [1, 4]),
    flat: graph.parameter("flat", "float32", [4]),
  });
  const scalar = (flat: Tensor) => ops.reduceSum(flat);
  it.each<[string, (x: Tensor, flat: Tensor) => Tensor]>([
    ["what was rounded", (x, flat) => ops.add(ops.add(ops.floor(flat), ops.ceil(flat)), ops.mul(ops.round(flat), x))],
    ["the shape of EyeLike", (_, flat) => ops.emitOne("EyeLike", [ops.unsqueeze(flat, [0])])],
    ["the type of CastLike", (x, flat) => ops.emitOne("CastLike", [x, flat])],
    [
      "a value that padding does not use",
      (x, flat) => ops.emitOne("Pad", [x, x.graph.ints([0, 1, 0, 1]), scalar(flat)], { mode: "edge" }),
    ],
    [
      "a region that resizing does not use",
      (x, flat) => ops.emitOne("Resize", [x, flat, x.graph.constant("float32", [2], [1, 2])], { mode: "nearest" }),
    ],
    ["the ratio of a Dropout that does not drop", (x, flat) => ops.emitOne("Dropout", [x, scalar(flat)])],
    [
      "statistics that batch normalization in training does not use",
      (x, flat) => {
        const [one, zero] = [ops.full(x.graph, [4], 1), ops.full(x.graph, [4], 0)];
        return ops.emitOne("BatchNormalization", [x, one, zero, flat, flat], { training_mode: 1 });
      },
    ],
    [
      "class weights, in the probabilities",
      (x, flat) => {
        const labels = x.graph.constant("int64", [1], [2]);
        return x.graph.emit("SoftmaxCrossEntropyLoss", [x, labels, flat])[1]!;
      },
    ],
  ])("%s", async (_, build) => {
    const graph = createGraph();
    const { x, flat } = four(graph);
    const loss = ops.reduceSum(build(ops.mul(x, 1), flat));
    graph.output("d", gradients(loss, [flat])[0]!);
    const { d } = await runGraph(graph, { x: Float32Array.of(1, 2, 3, 4), flat: Float32Array.of(0.3, 0.6, 1.2, 2) });
    expect(d!.data).toEqual([0, 0, 0, 0]);
  });
});

describe("refusals", () => {
  const graph = createGraph();
  const x = graph.input("x", "float32", [2, 3]);
  const n = graph.input("n", "int64", [2]);
  const wide = graph.input("wide", "float32", [2, 2, 3]);
  const four = graph.input("four", "float32", [4]);

  it.each<[string, () => unknown, string]>([
    ["Mod of floats without fmod", () => graph.emit("Mod", [x, x]), "ATTRIBUTE_INVALID"],
    ["shifts of signed numbers", () => graph.emit("BitShift", [n, n], { direction: "LEFT" }), "DTYPE_MISMATCH"],
    ["sums of two types", () => graph.emit("Sum", [x, n]), "DTYPE_MISMATCH"],
    ["means of shapes that do not broadcast", () => ops.meanOf([x, four]), "SHAPE_MISMATCH"],
    ["exponentials of integers", () => graph.emit("Elu", [n]), "DTYPE_MISMATCH"],
    ["integers that could be NaN", () => graph.emit("IsNaN", [n]), "DTYPE_MISMATCH"],
    ["means of integers", () => graph.emit("Mean", [n, n]), "DTYPE_MISMATCH"],
    ["nothing to add", () => graph.emit("Sum", []), "INPUT_COUNT"],
    ["slopes larger than what they bend", () => ops.prelu(x, wide), "SHAPE_MISMATCH"],
    ["class numbers that are floats", () => ops.crossEntropy(x, x), "DTYPE_MISMATCH"],
    ["class numbers of another batch", () => ops.crossEntropy(wide, n), "SHAPE_MISMATCH"],
    [
      "an unknown reduction",
      () => graph.emit("NegativeLogLikelihoodLoss", [x, n], { reduction: "max" }),
      "ATTRIBUTE_INVALID",
    ],
    ["weights of too many classes", () => ops.crossEntropy(x, n, { weight: four }), "SHAPE_MISMATCH"],
  ])("%s", (_, action, code) => {
    expect(action).toThrow(GraphError);
    expect(action).toThrow(expect.objectContaining({ code }));
  });

  it("a gradient of class weights", () => {
    const weight = graph.input("classes", "float32", [3]);
    const loss = ops.crossEntropy(x, n, { weight });
    expect(() => gradients(loss, [weight])).toThrow(/weights of SoftmaxCrossEntropyLoss have no gradient/);
  });
});

it("a loss of which all samples are ignored is not a number, as in PyTorch", async () => {
  const graph = createGraph();
  const x = graph.input("x", "float32", [2, 3]);
  const labels = graph.constant("int64", [2], [-1, -1]);
  graph.output("loss", ops.crossEntropy(x, labels, { ignoreIndex: -1 }));
  const { loss } = await runGraph(graph, { x: new Float32Array(6) });
  expect(loss!.data[0]).toBeNaN();
});
