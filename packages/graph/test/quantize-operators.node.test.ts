import { InferenceSession } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { inspectModel, quantizableLayers, quantizeDynamic, quantizeInt4, quantizeStatic } from "../src/index.js";
import { nodeBackend } from "../src/runtime/node.js";
import { encodeModel, float32, type ModelSpec, type NodeSpec, smallModel } from "./onnx-files.js";
import { type Asked, rangesOf, wave } from "./quantizing.js";

const node = (op: string, inputs: string[], output: string, attributes: NodeSpec["attributes"] = {}): NodeSpec => {
  return { op, inputs, outputs: [output], attributes };
};
const some = (shape: readonly number[], step: number) => float32(shape, [...wave(shape, step)]);

interface Case extends Pick<ModelSpec, "nodes" | "initializers"> {
  readonly shape: readonly number[];
}

/** What stands between layers, with paddings whose zero is not the zero of whole numbers. */
const cases: Record<string, Case> = {
  "a padded convolution of values that are never 0": {
    shape: [2, 3, 6, 6],
    initializers: { w: some([4, 3, 3, 3], 0.3), v: some([4, 4, 3, 3], 0.5), b: some([4], 0.9), far: float32([1], [3]) },
    nodes: [
      node("Add", ["x", "far"], "a"),
      node("Conv", ["a", "w", "b"], "c", { auto_pad: "SAME_UPPER", strides: [2, 2] }),
      node("Conv", ["c", "v"], "y", { pads: [2, 2, 2, 2], dilations: [2, 2] }),
    ],
  },
  "convolutions by groups, of one axis": {
    shape: [2, 4, 9],
    initializers: { w: some([8, 2, 3], 0.3), b: some([8], 0.9), v: some([8, 1, 3], 0.5) },
    nodes: [
      node("Conv", ["x", "w", "b"], "c", { group: 2, pads: [1, 1] }),
      node("Relu", ["c"], "r"),
      node("Conv", ["r", "v"], "y", { group: 8, pads: [1, 1] }),
    ],
  },
  "pooling with paddings": {
    shape: [1, 2, 7, 7],
    initializers: { w: some([4, 2, 1, 1], 0.3), v: some([3, 4, 1, 1], 0.5), b: float32([4], [5, -5, 5, -5]) },
    nodes: [
      node("Conv", ["x", "w", "b"], "c"),
      node("AveragePool", ["c"], "a", { kernel_shape: [3, 3], pads: [1, 1, 1, 1], count_include_pad: 1 }),
      node("AveragePool", ["a"], "e", { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
      node("MaxPool", ["e"], "m", { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [2, 2] }),
      node("Conv", ["m", "v"], "d"),
      node("GlobalAveragePool", ["d"], "y"),
    ],
  },
  "sums and rows of values with other ranges": {
    shape: [2, 3, 5, 5],
    initializers: {
      w: some([4, 3, 1, 1], 0.3),
      v: some([4, 3, 1, 1], 0.5),
      b: float32([4], [40, 30, 20, 10]),
      u: some([4, 8, 1, 1], 0.2),
    },
    nodes: [
      node("Conv", ["x", "w"], "c"),
      node("Conv", ["x", "v", "b"], "d"),
      node("Concat", ["c", "d"], "e", { axis: 1 }),
      node("Conv", ["e", "u"], "f"),
      node("Add", ["f", "c"], "g"),
      node("Relu", ["g"], "h"),
      node("Mul", ["h", "f"], "y"),
    ],
  },
  "products with weights of every form": {
    shape: [6, 8],
    initializers: {
      w: some([5, 8], 0.3),
      b: float32([5], [1e3, 1, 0, -1, 2]),
      v: some([5, 8], 0.5),
      c: some([8], 0.2),
      u: some([2, 8, 4], 0.6),
    },
    nodes: [
      node("Gemm", ["x", "w", "b"], "g", { transB: 1 }),
      node("Gemm", ["g", "v", "c"], "h"),
      node("MatMul", ["h", "u"], "m"),
      node("Transpose", ["h"], "t", { perm: [1, 0] }),
      // Two values that are computed: in floating point.
      node("MatMul", ["t", "m"], "y"),
    ],
  },
};

async function run(file: Uint8Array, { shape, data }: Asked, graphOptimizationLevel: "all" | "disabled") {
  const session = await InferenceSession.create(file, { graphOptimizationLevel, intraOpNumThreads: 1 });
  const feed = nodeBackend.tensor("float32", data, shape);
  const { y } = await session.run({ x: feed as never });
  await session.release();
  return y!.data as Float32Array;
}

/** Share of the largest answer. */
function worst(found: Float32Array, expected: Float32Array): number {
  expect(found.length).toBe(expected.length);
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return found.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0) / largest;
}

describe.each(Object.entries(cases))("%s", (_, { shape, ...spec }) => {
  const file = encodeModel(smallModel({ opset: 17, inputs: { x: shape }, outputs: ["y"], ...spec }));
  const asked = { shape, data: wave(shape, 0.7) };

  it("answer nearly alike, as they are written and as ONNX Runtime fuses them", async () => {
    const expected = await run(file, asked, "all");
    const ranges = await rangesOf(file, asked);
    for (const small of [
      quantizeStatic(file, ranges),
      quantizeStatic(file, ranges, { perChannel: false }),
      quantizeDynamic(file),
    ]) {
      const written = await run(small, asked, "disabled");
      expect(worst(written, expected)).toBeLessThan(0.05);
      expect(worst(await run(small, asked, "all"), written)).toBeLessThan(0.02);
    }
  });
});

describe("a weight of several layers", () => {
  const shared = encodeModel(
    smallModel({
      opset: 17,
      inputs: { x: [2, 64] },
      outputs: ["y"],
      initializers: { w: some([64, 64], 0.3), b: some([64], 0.2) },
      nodes: [
        node("MatMul", ["x", "w"], "m"),
        node("MatMul", ["m", "w"], "n"),
        node("Gemm", ["n", "w", "b"], "o"),
        node("Gemm", ["o", "w", "b"], "y"),
      ],
    }),
  );
  const asked = { shape: [2, 64], data: wave([2, 64], 0.7) };

  it("is stored once", async () => {
    const ranges = await rangesOf(shared, asked);
    const expected = await run(shared, asked, "all");
    const files = [quantizeDynamic(shared), quantizeStatic(shared, ranges), quantizeInt4(shared)];
    for (const [i, small] of files.entries()) {
      // 4,096 weights, and the rest of the file.
      expect(small.length).toBeLessThan([4096, 4096, 2560][i]! + 5000);
      expect(worst(await run(small, asked, "all"), expected)).toBeLessThan([0.05, 0.05, 0.4][i]!);
    }
  });
});

describe("layers without names of their own", () => {
  const chain = (names: readonly string[]) => {
    const model = smallModel({
      opset: 17,
      inputs: { x: [2, 8] },
      outputs: ["y"],
      initializers: { w: some([8, 8], 0.3), v: some([8, 8], 0.5) },
      nodes: [
        node("MatMul", ["x", "w"], "m"),
        node("MatMul", ["m", "v"], "n"),
        node("MatMul", ["n", "w"], "o"),
        node("MatMul", ["o", "v"], "y"),
      ],
    });
    model.graph!.node.forEach((one, i) => {
      one.name = names[i]!;
    });
    return encodeModel(model);
  };

  it("are told apart by what they give", async () => {
    const file = chain(["same", "same", "m", ""]);
    const layers = quantizableLayers(file).map(({ name }) => name);
    expect(layers).toEqual(["m_2", "n", "m", "y"]);
    for (const name of layers) {
      const { operators } = await inspectModel(quantizeDynamic(file, { only: [name] }));
      expect(operators.find(({ operator }) => operator === "MatMulInteger")?.count, name).toBe(1);
    }
  });

  it("run though others are called as values are", async () => {
    const asked = { shape: [2, 8], data: wave([2, 8], 0.7) };
    const ranges = await rangesOf(chain(["", "", "", ""]), asked);
    const forms = [quantizeDynamic, (file: Uint8Array) => quantizeStatic(file, ranges)];
    for (const form of forms) {
      const [named, unnamed] = [form(chain(["a", "m", "y", "n"])), form(chain(["", "", "", ""]))];
      expect(await run(named, asked, "all")).toEqual(await run(unnamed, asked, "all"));
    }
  });
});
