import {
  floatAttribute,
  type GradientContext,
  type GradientResult,
  gradientOf,
  type InferContext,
  numberAttribute,
  type Operator,
  required,
} from "../operator.js";

import type { Attributes, Tensor, TensorType } from "../tensor.js";
import * as f from "./build.js";
import { channelAxes, channelsOf, inverseRoot, onlyFirstOutput, perChannel, requireInputs } from "./normalized.js";
import { trainingBatchNormalization } from "./webgpu.js";

const isTraining = (attributes: Attributes) => numberAttribute(attributes, "training_mode", 0) === 1;
const epsilonOf = (attributes: Attributes) => floatAttribute(attributes, "epsilon", 1e-5);

function inferBatchNormalization(context: InferContext): readonly TensorType[] {
  const { dtype, shape } = required(context, 0);
  const channels = channelsOf(context, 2);
  requireInputs(context, [1, 2, 3, 4], [channels]);
  const statistic = { dtype, shape: [channels] };
  return isTraining(context.attributes) ? [{ dtype, shape }, statistic, statistic] : [{ dtype, shape }];
}

interface ChannelSums {
  /** Σ g and Σ g·x over all axes but the channel's, [C]. */
  readonly sum: Tensor;
  readonly product: Tensor;
}

function channelSums(g: Tensor, x: Tensor): ChannelSums {
  const axes = channelAxes(x.shape);
  return { sum: f.reduceSum(g, { axes }), product: f.reduceSum(f.mul(g, x), { axes }) };
}

/**
 * Batch mean and variance, [C]. With momentum 0 the node returns them bare, though without gradients of their own; else its
 * outputs are blends.
 */
function batchStatistics({ node, again }: GradientContext): { mean: Tensor; variance: Tensor } {
  if (!again && numberAttribute(node.attributes, "momentum", 0.9) === 0) {
    return { mean: node.outputs[1]!, variance: node.outputs[2]! };
  }
  const x = node.inputs[0]!;
  const axes = channelAxes(x.shape);
  const mean = f.reduceMean(x, { axes });
  const centered = f.sub(x, perChannel(mean, x.shape));
  return { mean, variance: f.reduceMean(f.mul(centered, centered), { axes }) };
}

/** Everything per channel is folded first, so that only three terms run over the whole of x: A·g + B·x + C. */
function trainingGradient(context: GradientContext): GradientResult[] {
  const [x, scale] = [context.inputs[0]!, context.inputs[1]!];
  const g = gradientOf(context);
  const { mean, variance } = batchStatistics(context);
  const inverse = inverseRoot(variance, epsilonOf(context.node.attributes));
  const { sum, product } = channelSums(g, x);
  const dScale = f.mul(f.sub(product, f.mul(mean, sum)), inverse);
  const input = () => {
    const count = f.reducedCount(x.shape, channelAxes(x.shape));
    const a = f.mul(scale, inverse);
    const b = f.neg(f.div(f.mul(f.mul(a, inverse), dScale), count));
    const c = f.neg(f.add(f.div(f.mul(a, sum), count), f.mul(b, mean)));
    const [wideA, wideB, wideC] = [a, b, c].map((value) => perChannel(value, x.shape));
    return f.add(f.mul(g, wideA!), f.add(f.mul(x, wideB!), wideC!));
  };
  // The given statistics enter the running ones only.
  return [context.wants[0] ? input() : undefined, dScale, sum, "zero", "zero"];
}

/** The given mean and variance are inputs like the others here, and have gradients. */
function inferenceGradient(context: GradientContext): (Tensor | undefined)[] {
  const [x, scale, , mean, variance] = context.inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const g = gradientOf(context);
  const inverse = inverseRoot(variance, epsilonOf(context.node.attributes));
  const a = f.mul(scale, inverse);
  const dX = context.wants[0] ? f.mul(g, perChannel(a, x.shape)) : undefined;
  if (!context.wants.some((want, i) => want && i > 0)) return [dX];
  const { sum, product } = channelSums(g, x);
  const dScale = f.mul(f.sub(product, f.mul(mean, sum)), inverse);
  return [
    dX,
    dScale,
    sum,
    context.wants[3] ? f.neg(f.mul(a, sum)) : undefined,
    context.wants[4] ? f.mul(f.mul(f.mul(a, inverse), dScale), -0.5) : undefined,
  ];
}

function batchNormalizationGradient(context: GradientContext): readonly GradientResult[] {
  if (!isTraining(context.node.attributes)) return inferenceGradient(context);
  onlyFirstOutput(context, "the running statistics");
  return trainingGradient(context);
}

/** ONNX's momentum is the share of the old running statistics, PyTorch's that of the new; `batchNorm` translates. */
export const batchNormalizations: readonly Operator[] = [
  {
    name: "BatchNormalization",
    inputs: [5, 5],
    attributes: { epsilon: "float", momentum: "float", training_mode: "int" },
    namesAllOutputs: true,
    overwrites: (attributes) => (isTraining(attributes) ? [3, 4] : []),
    lowerings: { webgpu: trainingBatchNormalization },
    infer: inferBatchNormalization,
    gradient: batchNormalizationGradient,
  },
];
