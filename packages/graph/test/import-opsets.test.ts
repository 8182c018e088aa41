import { describe, expect, it } from "vitest";
import { fromOnnx, toOnnx } from "../src/index.js";
import type { KnownValue } from "../src/onnx/data-types.js";
import {
  encodeModel,
  float32,
  int64,
  largestError,
  type NodeSpec,
  runModel,
  smallModel,
  someNumbers,
} from "./onnx-files.js";

interface Form {
  readonly name: string;
  readonly opset: number;
  readonly node: Omit<NodeSpec, "outputs"> & { readonly outputs?: readonly string[] };
  readonly shape?: readonly number[];
  readonly initializers?: Readonly<Record<string, KnownValue>>;
}

const gamma = float32([4], [1, 0.5, -1, 2]);
const beta = float32([4], [0.1, 0.2, 0.3, 0.4]);
const contrib = "com.microsoft";

/** Operators in forms other than opset 17's. ONNX Runtime, which reads them all, is the reference. */
const forms: readonly Form[] = [
  {
    name: "Squeeze 11",
    opset: 11,
    shape: [2, 1, 3],
    node: { op: "Squeeze", inputs: ["x"], attributes: { axes: [1] } },
  },
  { name: "Unsqueeze 11", opset: 11, node: { op: "Unsqueeze", inputs: ["x"], attributes: { axes: [0, 2] } } },
  { name: "ReduceSum 11", opset: 11, node: { op: "ReduceSum", inputs: ["x"], attributes: { axes: [1], keepdims: 0 } } },
  { name: "ReduceSum 11, all", opset: 11, node: { op: "ReduceSum", inputs: ["x"] } },
  { name: "Softmax 11", opset: 11, shape: [2, 3, 4], node: { op: "Softmax", inputs: ["x"] } },
  {
    name: "LogSoftmax 9",
    opset: 9,
    shape: [2, 3, 4],
    node: { op: "LogSoftmax", inputs: ["x"], attributes: { axis: 1 } },
  },
  { name: "Clip 10", opset: 10, node: { op: "Clip", inputs: ["x"], attributes: { min: -0.5, max: { float: 1 } } } },
  { name: "Clip 10, one side", opset: 10, node: { op: "Clip", inputs: ["x"], attributes: { max: 0.25 } } },
  { name: "Pad 9", opset: 9, node: { op: "Pad", inputs: ["x"], attributes: { pads: [0, 1, 0, 2], value: 0.5 } } },
  {
    name: "Pad 18 on one axis",
    opset: 18,
    node: { op: "Pad", inputs: ["x", "pads", "", "axes"] },
    initializers: { pads: int64([1, 2]), axes: int64([1]) },
  },
  {
    name: "Slice 9",
    opset: 9,
    node: { op: "Slice", inputs: ["x"], attributes: { starts: [1, 0], ends: [9007199254740991, -1], axes: [1, 0] } },
  },
  { name: "TopK 9", opset: 9, node: { op: "TopK", inputs: ["x"], outputs: ["y", "i"], attributes: { k: 2 } } },
  { name: "Dropout 9", opset: 9, node: { op: "Dropout", inputs: ["x"], attributes: { ratio: 0.5 } } },
  {
    name: "Split 11",
    opset: 11,
    node: { op: "Split", inputs: ["x"], outputs: ["y", "z"], attributes: { axis: 1, split: [1, 3] } },
  },
  {
    name: "Split 13, even",
    opset: 13,
    node: { op: "Split", inputs: ["x"], outputs: ["y", "z"], attributes: { axis: 1 } },
  },
  {
    name: "Split 18, uneven",
    opset: 18,
    node: { op: "Split", inputs: ["x"], outputs: ["y", "z"], attributes: { num_outputs: 2 } },
  },
  {
    name: "Upsample 9",
    opset: 9,
    shape: [1, 1, 2, 3],
    node: { op: "Upsample", inputs: ["x", "scales"], attributes: { mode: "nearest" } },
    initializers: { scales: float32([4], [1, 1, 2, 3]) },
  },
  {
    name: "Resize 10, linear",
    opset: 10,
    shape: [1, 1, 2, 3],
    node: { op: "Resize", inputs: ["x", "scales"], attributes: { mode: "linear" } },
    initializers: { scales: float32([4], [1, 1, 2, 2]) },
  },
  {
    name: "Resize 18 on two axes",
    opset: 18,
    shape: [1, 1, 2, 3],
    node: { op: "Resize", inputs: ["x", "", "", "sizes"], attributes: { axes: [2, 3], mode: "linear" } },
    initializers: { sizes: int64([4, 6]) },
  },
  {
    name: "BatchNormalization 9",
    opset: 9,
    shape: [2, 4, 3],
    node: { op: "BatchNormalization", inputs: ["x", "gamma", "beta", "beta", "variance"] },
    initializers: { gamma, beta, variance: float32([4], [1, 2, 3, 4]) },
  },
  {
    name: "BatchNormalization 15 in training mode",
    opset: 15,
    shape: [2, 4, 3],
    node: {
      op: "BatchNormalization",
      inputs: ["x", "gamma", "beta", "beta", "variance"],
      outputs: ["y", "m", "v"],
      attributes: { training_mode: 1, momentum: 0.75 },
    },
    initializers: { gamma, beta, variance: float32([4], [1, 2, 3, 4]) },
  },
  {
    name: "MaxPool 12 with a ceil_mode that changes nothing",
    opset: 12,
    shape: [1, 1, 7, 7],
    node: { op: "MaxPool", inputs: ["x"], attributes: { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 } },
  },
  {
    name: "LpPool 18",
    opset: 18,
    shape: [1, 1, 6, 6],
    node: {
      op: "LpPool",
      inputs: ["x"],
      attributes: { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 0, dilations: [1, 1] },
    },
  },
  {
    name: "LSTM 14 with other activations",
    opset: 14,
    shape: [3, 2, 4],
    node: {
      op: "LSTM",
      inputs: ["x", "w", "r"],
      outputs: ["y"],
      attributes: { hidden_size: 2, activations: ["HardSigmoid", "Relu", "Tanh"], activation_alpha: [0.25] },
    },
    initializers: { w: someNumbers([1, 8, 4]), r: someNumbers([1, 8, 2]) },
  },
  {
    name: "ReduceMean 18",
    opset: 18,
    node: { op: "ReduceMean", inputs: ["x", "axes"], attributes: { keepdims: 0 } },
    initializers: { axes: int64([-1]) },
  },
  { name: "ReduceMax 18, all", opset: 18, node: { op: "ReduceMax", inputs: ["x"] } },
  {
    name: "ReduceMean 18, no axes and so no reduction",
    opset: 18,
    node: { op: "ReduceMean", inputs: ["x", "axes"], attributes: { noop_with_empty_axes: 1 } },
    initializers: { axes: int64([]) },
  },
  {
    name: "GroupNormalization 21",
    opset: 21,
    shape: [2, 4, 3],
    node: { op: "GroupNormalization", inputs: ["x", "gamma", "beta"], attributes: { num_groups: 2 } },
    initializers: { gamma, beta },
  },
  { name: "Gelu 20", opset: 20, node: { op: "Gelu", inputs: ["x"] } },
  { name: "Gelu 20, tanh", opset: 20, node: { op: "Gelu", inputs: ["x"], attributes: { approximate: "tanh" } } },
  { name: "Mish 18", opset: 18, node: { op: "Mish", inputs: ["x"] } },
  {
    name: "Max 13 of three",
    opset: 13,
    node: { op: "Max", inputs: ["x", "one", "x"] },
    initializers: { one: float32([], [1]) },
  },
  {
    name: "Pow 13 with integers",
    opset: 13,
    node: { op: "Pow", inputs: ["x", "two"] },
    initializers: { two: int64([2]) },
  },
  {
    name: "FastGelu",
    opset: 17,
    node: { op: "FastGelu", domain: contrib, inputs: ["x", "b"] },
    initializers: { b: gamma },
  },
  {
    name: "BiasGelu",
    opset: 17,
    node: { op: "BiasGelu", domain: contrib, inputs: ["x", "b"] },
    initializers: { b: gamma },
  },
  { name: "QuickGelu", opset: 17, node: { op: "QuickGelu", domain: contrib, inputs: ["x"] } },
  {
    name: "FusedMatMul",
    opset: 17,
    node: { op: "FusedMatMul", domain: contrib, inputs: ["x", "x"], attributes: { transB: 1, alpha: 0.5 } },
  },
  {
    name: "SkipLayerNormalization",
    opset: 17,
    shape: [2, 3, 4],
    node: {
      op: "SkipLayerNormalization",
      domain: contrib,
      inputs: ["x", "x", "gamma", "beta"],
      outputs: ["y", "", "", "s"],
    },
    initializers: { gamma, beta },
  },
  {
    name: "SimplifiedLayerNormalization",
    opset: 17,
    node: { op: "SimplifiedLayerNormalization", inputs: ["x", "gamma"], attributes: { axis: -1, epsilon: 1e-5 } },
    initializers: { gamma },
  },
];

describe("operators of other opsets give what ONNX Runtime gives for the file", () => {
  it.each(forms.map((form) => [form.name, form] as const))("%s", async (_, form) => {
    const shape = form.shape ?? [3, 4];
    const outputs = (form.node.outputs ?? ["y"]).filter((name) => name !== "");
    const nodes = [{ outputs: ["y"], ...form.node }];
    const bytes = encodeModel(
      smallModel({ opset: form.opset, nodes, inputs: { x: shape }, outputs, initializers: form.initializers ?? {} }),
    );
    const feeds = { x: someNumbers(shape) };
    const expected = await runModel(bytes, feeds);
    const { graph } = await fromOnnx(bytes);
    const results = await runModel(toOnnx(graph), feeds);
    for (const name of outputs) {
      expect(results[name]!.shape).toEqual(expected[name]!.shape);
      expect(largestError(results[name]!.data, expected[name]!.data), name).toBeLessThan(2e-5);
    }
  });
});

it("batch normalization in training mode leaves the statistics that it is given alone", async () => {
  const inputs = ["x", "gamma", "beta", "mean", "variance"];
  const spec = {
    opset: 15,
    inputs: { x: [2, 4, 3] },
    outputs: ["y", "m"],
    nodes: [{ op: "BatchNormalization", inputs, outputs: ["y", "m"], attributes: { training_mode: 1 } }],
    initializers: { gamma, beta, mean: float32([4], [5, 5, 5, 5]), variance: float32([4], [1, 2, 3, 4]) },
  };
  const trainable = ["mean", "variance"];
  const { graph, parameters } = await fromOnnx(encodeModel(smallModel(spec)), { trainable });
  const feeds = {
    x: someNumbers([2, 4, 3]),
    mean: spec.initializers.mean,
    variance: spec.initializers.variance,
  };
  expect(Object.keys(parameters)).toEqual(trainable);
  const [first, second] = [await runModel(toOnnx(graph), feeds), await runModel(toOnnx(graph), feeds)];
  expect(second.m!.data).toEqual(first.m!.data);
  expect([...feeds.mean.data, ...feeds.variance.data]).toEqual([5, 5, 5, 5, 1, 2, 3, 4]);
});
