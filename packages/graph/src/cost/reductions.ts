import { numbersAttribute } from "../operator.js";
import { sizeOf } from "../shape.js";
import { type CostRule, type CostRules, inputSize, operations, outputSize, perInput, perOutput } from "./cost.js";

/** Every element of the output looks at a whole window. */
const pooling =
  (count: number): CostRule =>
  (node) =>
    operations(count * outputSize(node) * sizeOf(numbersAttribute(node.attributes, "kernel_shape") ?? []));

/** Several inputs become one, two at a time. */
const joining =
  (further: number): CostRule =>
  (node) =>
    operations(outputSize(node) * (node.inputs.length - 1 + further));

/** Inference scales and shifts; training also finds mean and variance. */
const batchNormalization: CostRule = (node) =>
  operations((node.attributes.training_mode === 1 ? 7 : 2) * inputSize(node, 0));

/** A fast Fourier transform of n numbers: 5 n log₂ n operations, half of that for real ones. */
function transform(length: number, isReal: boolean): number {
  return (isReal ? 2.5 : 5) * length * Math.log2(Math.max(2, length));
}

const fourier: CostRule = (node) => {
  const shape = node.inputs[0]!.shape;
  const axis = Number(node.attributes.axis ?? 1);
  const length = shape.at(axis)!;
  return operations((inputSize(node, 0) / shape.at(-1)! / length) * transform(length, shape.at(-1) === 1));
};

/** Frames of a signal, each multiplied by a window. The output is [batch, frames, bins, 2]. */
const shortFourier: CostRule = (node) => {
  const [batch = 0, frames = 0, bins = 0] = node.outputs[0]!.shape;
  const length = node.attributes.onesided === 0 ? bins : 2 * (bins - 1);
  return operations(batch * frames * (length + transform(length, true)));
};

/** Mean, difference, variance, scale: what standardizing an element takes. */
const STANDARDIZING = 5;

export const reductions: CostRules = {
  ...Object.fromEntries(["Sum", "Mean", "Max", "Min", "Prod", "LogSum"].map((name) => [`Reduce${name}`, perInput(1)])),
  ...Object.fromEntries(["L1", "L2", "SumSquare", "LogSumExp"].map((name) => [`Reduce${name}`, perInput(2)])),
  ...Object.fromEntries(
    ["ArgMax", "ArgMin", "TopK", "GlobalAveragePool", "GlobalMaxPool"].map((n) => [n, perInput(1)]),
  ),
  GlobalLpPool: perInput(2),
  AveragePool: pooling(1),
  MaxPool: pooling(1),
  LpPool: pooling(2),
  Sum: joining(0),
  Max: joining(0),
  Min: joining(0),
  Mean: joining(1),
  BatchNormalization: batchNormalization,
  InstanceNormalization: perInput(STANDARDIZING + 2),
  LayerNormalization: perInput(STANDARDIZING + 2),
  MeanVarianceNormalization: perInput(STANDARDIZING),
  LpNormalization: perInput(3),
  // Largest, difference, exponential, sum, quotient.
  Softmax: perOutput(5),
  LogSoftmax: perOutput(5),
  SoftmaxCrossEntropyLoss: perInput(5),
  DFT: fourier,
  STFT: shortFourier,
};
