import { expect } from "vitest";
import { toTypedArray } from "../src/dtype.js";
import {
  createGraph,
  type DType,
  type ExecutionProvider,
  type Graph,
  gradients,
  ops,
  type Tensor,
  type TypedArray,
  toOnnx,
} from "../src/index.js";
import { backend } from "./backend.js";
import { COMPOSED } from "./composed.js";
import type { GoldenCase, GoldenInput } from "./golden.js";

/** Runs a graph once and returns its outputs as numbers. */
export async function runGraph(
  graph: Graph,
  feeds: Readonly<Record<string, TypedArray>>,
): Promise<Record<string, { shape: readonly number[]; data: number[] }>> {
  const session = await backend.createSession(toOnnx(graph), { threads: 1 });
  const used = graph.inputs.filter(({ name }) => session.inputNames.includes(name));
  const tensors = used.map((input) => [
    input.name,
    backend.tensor(input.dtype, feeds[input.name] as Float32Array, input.shape),
  ]);
  const results = await session.run(Object.fromEntries(tensors));
  const outputs = Object.entries(results).map(([name, { dims, data }]) => {
    return [name, { shape: dims, data: Array.from(data as ArrayLike<number | bigint>, Number) }] as const;
  });
  await session.release();
  return Object.fromEntries(outputs);
}

/** A golden case as a graph: outputs `y0…`, the loss, and gradients `d0…` of its inputs. */
export interface BuiltCase {
  readonly graph: Graph;
  readonly feeds: Record<string, TypedArray>;
  /** Indices of inputs that have a gradient. */
  readonly wanted: readonly number[];
}

/** Operators without a double-precision kernel in ONNX Runtime. */
const FLOAT32_ONLY = new Set([
  ...["RNN", "GRU", "LSTM", "MelWeightMatrix", "HannWindow", "HammingWindow", "BlackmanWindow", "ConstantOfShape"],
  // Of doubles too, ONNX Runtime folds the scores' factor into the product in single precision.
  ...["NonZero", "scaledDotProductAttention"],
  ...["QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "QLinearMatMul", "QLinearConv"],
  ...["Softplus", "Erf", "OneHot", "Conv", "ConvTranspose", "conv", "convTranspose"],
  ...["Elu", "Selu", "Celu", "HardSwish", "Softsign", "ThresholdedRelu", "gelu", "mish"],
  ...["Tan", "Sinh", "Cosh", "Asin", "Acos", "Atan", "Asinh", "Acosh", "Atanh", "Mean"],
  ...["AveragePool", "LpPool", "GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool", "Resize"],
  ...["avgPool2d", "globalAveragePool", "globalMaxPool", "interpolate"],
  ...["InstanceNormalization", "instanceNorm", "MeanVarianceNormalization"],
]);

export function precisionOf({ op }: GoldenCase): "float32" | "float64" {
  return FLOAT32_ONLY.has(op) ? "float32" : "float64";
}

export function buildCase(
  golden: GoldenCase,
  precision: "float32" | "float64",
  provider: ExecutionProvider = "cpu",
): BuiltCase {
  const graph = createGraph({ provider });
  const feeds: Record<string, TypedArray> = {};
  const dtypeOf = (dtype: DType) => (dtype === "float64" ? precision : dtype);
  const declare = (input: GoldenInput | null, i: number): Tensor | undefined => {
    if (!input) return undefined;
    const dtype = dtypeOf(input.dtype);
    if (input.constant) return graph.constant(dtype, input.shape, input.data);
    feeds[`x${i}`] = toTypedArray(dtype, input.data);
    return graph.input(`x${i}`, dtype, input.shape);
  };
  const inputs = golden.inputs.map(declare);
  while (inputs.length > 0 && inputs.at(-1) === undefined) inputs.pop();
  const attributes = golden.op === "Cast" ? { to: dtypeOf(golden.outputs[0]!.dtype) } : golden.attributes;
  const composed = COMPOSED[golden.op];
  const outputs = composed ? composed(inputs, attributes) : graph.emit(golden.op, inputs, attributes);
  for (const i of golden.outputs.keys()) graph.output(`y${i}`, outputs[i]!);
  const wanted = golden.inputs.flatMap((input, i) => (input?.gradient && !input.constant ? [i] : []));
  if (wanted.length === 0) return { graph, feeds, wanted };
  const weighted = golden.outputs.flatMap(({ cotangent }, i) => {
    if (!cotangent) return [];
    const output = outputs[i]!;
    return [ops.reduceSum(ops.mul(output, graph.constant(output.dtype, output.shape, cotangent)))];
  });
  const loss = weighted.reduce((a, b) => ops.add(a, b));
  graph.output("loss", loss);
  const results = gradients(
    loss,
    wanted.map((i) => inputs[i]!),
  );
  for (const [k, gradient] of results.entries()) graph.output(`d${wanted[k]!}`, gradient);
  return { graph, feeds, wanted };
}

/** Compares numbers to within a relative and an absolute tolerance. */
export function expectClose(
  actual: readonly number[],
  expected: readonly number[],
  tolerance: number,
  what: string,
): void {
  expect(actual.length, what).toBe(expected.length);
  actual.forEach((value, i) => {
    const target = expected[i]!;
    if (Object.is(value, target) || value === target) return;
    const error = Math.abs(value - target) / Math.max(1, Math.abs(target));
    expect(error, `${what}[${i}]: ${value} instead of ${target}`).toBeLessThanOrEqual(tolerance);
  });
}
