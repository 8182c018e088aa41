import { describe, expect, it } from "vitest";
import {
  createGraph,
  type Graph,
  GraphError,
  inspectModel,
  int4Layers,
  ops,
  quantizableLayers,
  quantizeDynamic,
  quantizeInt4,
  quantizeStatic,
  type Tensor,
  toHalf,
  toOnnx,
} from "../src/index.js";
import { rangesOf, run, wave } from "./quantizing.js";

const constant = (graph: Graph, shape: number[], step: number, scale?: number) =>
  graph.constant("float32", shape, wave(shape, step, scale));

/** Convolutions with a normalization, a shortcut, pooling, and a linear layer. */
function convolutions(x: Tensor): Tensor {
  const { graph } = x;
  const norm = {
    weight: constant(graph, [8], 0.7),
    bias: constant(graph, [8], 0.3),
    runningMean: constant(graph, [8], 1.1, 0.1),
    runningVar: graph.constant("float32", [8], new Float32Array(8).fill(0.8)),
  };
  const first = ops.conv(x, constant(graph, [8, 3, 3, 3], 0.37, 0.3), undefined, { padding: 1 });
  const start = ops.relu(ops.batchNorm(first, norm, { training: false }).output);
  const inner = ops.clip(
    ops.conv(start, constant(graph, [8, 1, 3, 3], 0.53, 0.4), constant(graph, [8], 0.9), { padding: 1, groups: 8 }),
    0,
    6,
  );
  const sum = ops.relu(ops.add(ops.conv(inner, constant(graph, [8, 8, 1, 1], 0.21, 0.3)), start));
  const pooled = ops.maxPool2d(sum, 2);
  const features = ops.flatten(ops.globalAveragePool(pooled));
  return ops.linear(features, constant(graph, [5, 8], 0.61), constant(graph, [5], 0.4));
}

/** A product of matrices with an activation that 8 bits have no kernel for, and another one. */
function products(x: Tensor): Tensor {
  const { graph } = x;
  const hidden = ops.gelu(
    ops.linear(ops.flatten(x), constant(graph, [64, 192], 0.13, 0.2), constant(graph, [64], 0.4)),
  );
  return ops.matmul(hidden, constant(graph, [64, 64], 0.29, 0.2));
}

function fileOf(body: (x: Tensor) => Tensor): Uint8Array {
  const graph = createGraph();
  graph.output("logits", body(graph.input("x", "float32", [1, 3, 8, 8])));
  return toOnnx(graph, { symbols: { x: { 0: "n" }, logits: { 0: "n" } } });
}

const asked = { shape: [6, 3, 8, 8], data: wave([6, 3, 8, 8], 0.77) };

const answers = async (file: Uint8Array) => (await run(file, asked, ["logits"])).get("logits")!;

/** Signal over noise in decibels. */
function sqnr(expected: Float32Array, found: Float32Array): number {
  const power = (values: Float32Array) => values.reduce((sum, value) => sum + value * value, 0);
  return 10 * Math.log10(power(expected) / power(expected.map((value, i) => value - found[i]!)));
}

const operators = async (file: Uint8Array) =>
  Object.fromEntries((await inspectModel(file)).operators.map(({ operator, count }) => [operator, count]));

describe.each([
  ["convolutions", convolutions, 4],
  ["products of matrices", products, 2],
] as const)("%s", (_, body, layers) => {
  const file = fileOf(body);

  it("are found as layers by name", () => {
    const found = quantizableLayers(file);
    expect(found).toHaveLength(layers);
    expect(new Set(found.map(({ name }) => name)).size).toBe(layers);
  });

  it("answer nearly alike in 8 bits, with ranges from samples", async () => {
    const ranges = await rangesOf(file, asked);
    const expected = await answers(file);
    for (const options of [{}, { perChannel: false }, { reduceRange: true }]) {
      const quantized = quantizeStatic(file, ranges, options);
      expect(sqnr(expected, await answers(quantized))).toBeGreaterThan(options.reduceRange ? 25 : 28);
    }
    const { QuantizeLinear, DequantizeLinear, BatchNormalization } = await operators(quantizeStatic(file, ranges));
    expect(QuantizeLinear).toBeGreaterThan(0);
    expect(DequantizeLinear).toBeGreaterThan(QuantizeLinear!);
    expect(BatchNormalization).toBeUndefined();
  });

  it("answer nearly alike in 8 bits as they come", async () => {
    const found = await answers(quantizeDynamic(file));
    expect(sqnr(await answers(file), found)).toBeGreaterThan(30);
  });

  it("answer alike in half precision, and take and give single precision", async () => {
    const { model, clipped, vanished } = toHalf(file);
    expect([clipped, vanished]).toEqual([0, 0]);
    expect(sqnr(await answers(file), await answers(model))).toBeGreaterThan(50);
    expect(model.length).toBeLessThan(0.75 * file.length);
  });

  it("stay what they are where all layers are excluded", async () => {
    const found = await answers(quantizeStatic(file, await rangesOf(file, asked), { exclude: ["*"] }));
    expect(sqnr(await answers(file), found)).toBeGreaterThan(100);
    expect((await operators(quantizeDynamic(file, { only: [] }))).DynamicQuantizeLinear).toBeUndefined();
  });
});

describe("4-bit blocks", () => {
  const file = fileOf(products);

  it.each([{}, { block: 16 }, { asymmetric: true }, { accuracyLevel: 4 as const }])(
    "%j answer nearly alike",
    async (options) => {
      const found = await answers(quantizeInt4(file, options));
      expect(sqnr(await answers(file), found)).toBeGreaterThan(15);
    },
  );

  it("are for large matrices alone", () => {
    expect(int4Layers(file)).toHaveLength(2);
    expect(int4Layers(file, { least: 10_000 })).toHaveLength(1);
    expect(int4Layers(fileOf(convolutions))).toEqual([]);
    expect(() => quantizeInt4(file, { block: 24 })).toThrow(GraphError);
  });
});

describe("a model that cannot be quantized", () => {
  const file = fileOf(convolutions);
  const code = (action: () => unknown) => {
    try {
      action();
    } catch (error) {
      return (error as GraphError).code;
    }
    throw new Error("nothing was thrown");
  };

  it("is told so: cut short, none at all, quantized already, without a range, with numbers that are none", async () => {
    const broken = fileOf((x) =>
      ops.linear(ops.flatten(x), x.graph.constant("float32", [2, 192], new Float32Array(384).fill(Number.NaN))),
    );
    expect(code(() => quantizeDynamic(file.subarray(0, file.length - 50)))).toBe("MODEL_INVALID");
    expect(code(() => quantizeDynamic(Uint8Array.of(1, 2, 3)))).toBe("MODEL_INVALID");
    expect(code(() => quantizeDynamic(quantizeDynamic(file)))).toBe("MODEL_UNSUPPORTED");
    expect(code(() => quantizeStatic(quantizeDynamic(file), new Map()))).toBe("MODEL_UNSUPPORTED");
    expect(code(() => quantizeStatic(file, new Map()))).toBe("STATE_MISMATCH");
    expect(code(() => quantizeDynamic(broken))).toBe("MODEL_INVALID");
    expect(code(() => toHalf(broken))).toBe("MODEL_INVALID");
  });
});
