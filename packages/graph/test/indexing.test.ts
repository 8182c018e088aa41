import { describe, expect, it } from "vitest";
import {
  type Attributes,
  createGraph,
  type GraphErrorCode,
  gradients,
  ops,
  printGraph,
  type Tensor,
} from "../src/index.js";
import { runGraph } from "./harness.js";

type Inputs = (x: Tensor, i: Tensor) => (Tensor | undefined)[];

function thrower(op: string, inputs: Inputs, attributes: Attributes = {}): () => unknown {
  const graph = createGraph();
  const x = graph.input("x", "float32", [2, 3]);
  const indices = graph.input("i", "int64", [2, 2]);
  return () => graph.emit(op, inputs(x, indices), attributes);
}

describe("shape rules refuse what does not fit", () => {
  const cases: [string, GraphErrorCode, string, Inputs, Attributes?][] = [
    ["no sizes", "INPUT_COUNT", "Split", (x) => [x]],
    ["sizes that do not add up", "SHAPE_MISMATCH", "Split", (x) => [x, x.graph.ints([1, 1])], { axis: 1 }],
    ["a count for one axis only", "SHAPE_MISMATCH", "Tile", (x) => [x, x.graph.ints([2])]],
    ["more than there are", "SHAPE_MISMATCH", "TopK", (x) => [x, x.graph.ints([4])]],
    ["indices that are no integers", "DTYPE_MISMATCH", "GatherElements", (x) => [x, x]],
    [
      "indices beyond the data's other axes",
      "SHAPE_MISMATCH",
      "GatherElements",
      (_, i) => [ops.cast(ops.tile(i, [2, 1]), "float32"), ops.tile(i, [4, 3])],
    ],
    ["batch_dims as deep as the data", "ATTRIBUTE_INVALID", "GatherND", (x, i) => [x, i], { batch_dims: 2 }],
    ["updates of another shape", "SHAPE_MISMATCH", "ScatterND", (x, i) => [x, i, x]],
    ["an unknown reduction", "ATTRIBUTE_INVALID", "ScatterElements", (x, i) => [x, i, x], { reduction: "max" }],
    ["values that decide a shape", "NOT_CONSTANT", "NonZero", (x) => [x]],
    ["values that decide a shape", "NOT_CONSTANT", "Unique", (x) => [x]],
    ["a limit that is fed", "NOT_CONSTANT", "Range", (x) => [ops.reduceSum(x), x.graph.scalar(1), x.graph.scalar(1)]],
    ["a condition that is fed", "NOT_CONSTANT", "Compress", (x) => [x, ops.equal(x, 0)]],
    ["too few terms", "ATTRIBUTE_INVALID", "Einsum", (x) => [x, x], { equation: "ij->i" }],
    ["a term of another rank", "ATTRIBUTE_INVALID", "Einsum", (x) => [x], { equation: "ijk->i" }],
    [
      "a letter of two sizes",
      "SHAPE_MISMATCH",
      "Einsum",
      (x, i) => [x, ops.cast(i, "float32")],
      { equation: "ij,kj->ik" },
    ],
    ["a real signal without its axis", "SHAPE_MISMATCH", "DFT", (x) => [x]],
    ["floats", "DTYPE_MISMATCH", "MatMulInteger", (x) => [x, x]],
    [
      "weights of another size",
      "SHAPE_MISMATCH",
      "GRU",
      (x) => [ops.unsqueeze(x, [0]), ops.unsqueeze(x, [0]), ops.unsqueeze(x, [0])],
      { hidden_size: 3 },
    ],
  ];
  it.each(cases)("%s (%s): %s", (_, code, op, inputs, attributes) => {
    expect(thrower(op, inputs, attributes)).toThrowError(expect.objectContaining({ code }));
  });
});

describe("gradients that do not exist say why", () => {
  const cases: [string, RegExp, (x: Tensor) => Tensor][] = [
    ["a diagonal", /diagonal/, (x) => ops.einsum("ii->i", x)],
    [
      "a product",
      /"mul"/,
      (x) =>
        ops.emitOne("ScatterND", [x, x.graph.constant("int64", [1, 1], [0]), ops.slice(x, [0], [1], [0])], {
          reduction: "mul",
        }),
    ],
    [
      "quantized values",
      /quantized: forward only/,
      (x) => ops.emitOne("DequantizeLinear", [x.graph.constant("uint8", [2], [1, 2]), ops.reduceSum(x)]),
    ],
    ["a spectrum", /forward only/, (x) => ops.emitOne("DFT", [ops.unsqueeze(x, [2])])],
    [
      "coupled gates",
      /input_forget/,
      (x) => {
        const [y, wide] = [ops.unsqueeze(x, [0]), ops.unsqueeze(ops.concat([x, x, x, x], 0), [0])];
        return ops.emitOne("LSTM", [y, wide, wide], { hidden_size: 2, input_forget: 1 });
      },
    ],
    [
      "rare activations",
      /the activation Affine/,
      (x) => {
        const y = ops.unsqueeze(x, [0]);
        return ops.emitOne("RNN", [y, y, y], { hidden_size: 2, activations: ["Affine"] });
      },
    ],
  ];
  it.each(cases)("%s", (_, reason, build) => {
    const graph = createGraph();
    const x = graph.parameter("x", "float32", [2, 2]);
    const loss = ops.reduceSum(ops.cast(build(x), "float32"));
    const expected = expect.objectContaining({ code: "NO_GRADIENT", message: expect.stringMatching(reason) });
    expect(() => gradients(loss, [x])).toThrowError(expected);
  });
});

it("an embedding's gradient is one ScatterElements, without transposing", () => {
  const graph = createGraph();
  const weight = graph.parameter("weight", "float32", [10, 4]);
  const tokens = graph.input("tokens", "int64", [2, 3]);
  const loss = ops.reduceSum(ops.mul(ops.gather(weight, tokens), 2));
  const before = graph.nodes.length;
  gradients(loss, [weight]);
  const added = graph.nodes.slice(before).map(({ op }) => op);
  expect(added.slice(-4)).toEqual(["Reshape", "Expand", "Expand", "ScatterElements"]);
});

it("a contiguous slice's gradient is one Concat", () => {
  const graph = createGraph();
  const x = graph.parameter("x", "float32", [5]);
  gradients(ops.reduceSum(ops.slice(x, [1], [3], [0])), [x]);
  expect(printGraph(graph)).not.toContain("Gather");
  expect(graph.nodes.at(-1)?.op).toBe("Concat");
});

it("parts that the loss does not use get zeros", async () => {
  const graph = createGraph();
  const x = graph.input("x", "float32", [4]);
  const [a, , c] = ops.split(x, [1, 1, 2]) as [Tensor, Tensor, Tensor];
  const loss = ops.add(ops.reduceSum(ops.mul(a, 3)), ops.reduceSum(c));
  graph.output("both", gradients(loss, [x])[0]!);
  graph.output("last", gradients(ops.reduceSum(c), [x])[0]!);
  const results = await runGraph(graph, { x: Float32Array.of(1, 2, 3, 4) });
  expect(results.both!.data).toEqual([3, 0, 1, 1]);
  expect(results.last!.data).toEqual([0, 0, 1, 1]);
});

it("a query that may attend nowhere gets finite values and gradients", async () => {
  const graph = createGraph();
  const x = graph.input("x", "float32", [1, 1, 2, 2]);
  const mask = ops.paddingMask(graph.constant("bool", [1, 2], [0, 0]));
  const y = ops.scaledDotProductAttention(x, x, x, { mask, causal: true });
  graph.output("y", y);
  graph.output("dx", gradients(ops.reduceSum(y), [x])[0]!);
  const results = await runGraph(graph, { x: Float32Array.of(1, 2, 3, 4) });
  expect([...results.y!.data, ...results.dx!.data].every(Number.isFinite)).toBe(true);
});

it("rotary tables turn position 0 by nothing", async () => {
  const graph = createGraph();
  const x = graph.input("x", "float32", [2, 4]);
  const { cos, sin } = ops.rotaryTables(graph, 2, 4);
  graph.output("y", ops.rotaryEmbedding(x, cos, sin));
  const { y } = await runGraph(graph, { x: Float32Array.of(1, 2, 3, 4, 1, 0, 0, 1) });
  expect(y!.data.slice(0, 4)).toEqual([1, 2, 3, 4]);
  expect(y!.data[4]).toBeCloseTo(Math.cos(1), 6);
  expect(y!.data[5]).toBeCloseTo(-Math.sin(0.01), 6);
});
