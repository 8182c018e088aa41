import { GraphError } from "../errors.js";
import {
  floatAttribute,
  type GradientContext,
  gradientOf,
  type InferContext,
  numberAttribute,
  numbersAttribute,
  type Operator,
  required,
} from "../operator.js";
import { normalizeAxes, normalizeAxis, sizeOf } from "../shape.js";
import type { Tensor, TensorType } from "../tensor.js";
import * as f from "./build.js";
import { reduceL1 } from "./build-math.js";
import { inferUnary } from "./elementwise.js";
import {
  channelsOf,
  onlyFirstOutput,
  perChannel,
  requireInputs,
  type Statistics,
  spatialAxes,
  standardized,
  standardizedGradient,
  statistics,
} from "./normalized.js";

function layerAxis(context: InferContext): number {
  return normalizeAxis(numberAttribute(context.attributes, "axis", -1), required(context, 0).shape.length);
}

/** Outputs: the result, and mean and inverse standard deviation, which are float32 whatever x is. */
function inferLayerNormalization(context: InferContext): readonly TensorType[] {
  const { dtype, shape } = required(context, 0);
  const axis = layerAxis(context);
  requireInputs(context, context.inputs[2] ? [1, 2] : [1], shape.slice(axis));
  if (numberAttribute(context.attributes, "stash_type", 1) !== 1) {
    throw new GraphError("ATTRIBUTE_INVALID", "stash_type must be 1 (float32)");
  }
  const statistic = { dtype: "float32", shape: shape.map((dim, i) => (i < axis ? dim : 1)) } as const;
  return [{ dtype, shape }, statistic, statistic];
}

/**
 * The node's own statistics, as columns. They are worked out anew in double precision, since its own are float32, and where
 * they must have gradients.
 */
function layerStatistics({ node: { outputs, attributes }, again }: GradientContext, x: Tensor): Statistics {
  if (again || x.dtype !== "float32") return statistics(x, [1], floatAttribute(attributes, "epsilon", 1e-5));
  const column = (value: Tensor) => f.reshape(value, [x.shape[0]!, 1]);
  return { mean: column(outputs[1]!), inverse: column(outputs[2]!) };
}

/** Works on rows [outer, inner], one of which is normalized at a time. */
function layerNormalizationGradient(context: GradientContext): (Tensor | undefined)[] {
  onlyFirstOutput(context, "mean and inverse standard deviation");
  const { wants } = context;
  const [x, scale, bias] = context.inputs;
  const inner = sizeOf(scale!.shape);
  const rows = [sizeOf(x!.shape) / inner, inner];
  const [g, xRows] = [f.reshape(gradientOf(context), rows), f.reshape(x!, rows)];
  const stats = layerStatistics(context, xRows);
  const xhat = standardized(xRows, stats);
  const down = (value: Tensor) => f.reshape(f.reduceSum(value, { axes: [0] }), scale!.shape);
  const input = () =>
    f.reshape(standardizedGradient(f.mul(g, f.reshape(scale!, [inner])), xhat, stats.inverse, [1]), x!.shape);
  return [
    wants[0] ? input() : undefined,
    wants[1] ? down(f.mul(g, xhat)) : undefined,
    bias && wants[2] ? down(g) : undefined,
  ];
}

function inferInstanceNormalization(context: InferContext): readonly TensorType[] {
  requireInputs(context, [1, 2], [channelsOf(context, 3)]);
  return inferUnary(context);
}

function instanceNormalizationGradient(context: GradientContext): (Tensor | undefined)[] {
  const [x, scale] = [context.inputs[0]!, context.inputs[1]!];
  const g = gradientOf(context);
  const axes = spatialAxes(x.shape);
  const stats = statistics(x, axes, floatAttribute(context.node.attributes, "epsilon", 1e-5));
  const xhat = standardized(x, stats);
  const perChannelSum = (value: Tensor) => f.reduceSum(value, { axes: [0, ...axes] });
  const input = () => standardizedGradient(f.mul(g, perChannel(scale, x.shape)), xhat, stats.inverse, axes);
  return [
    context.wants[0] ? input() : undefined,
    context.wants[1] ? perChannelSum(f.mul(g, xhat)) : undefined,
    context.wants[2] ? perChannelSum(g) : undefined,
  ];
}

function meanVarianceAxes(context: InferContext): number[] {
  return normalizeAxes(numbersAttribute(context.attributes, "axes") ?? [0, 2, 3], required(context, 0).shape.length);
}

function meanVarianceGradient(context: GradientContext): Tensor[] {
  const x = context.inputs[0]!;
  const axes = meanVarianceAxes(context.node);
  const { inverse } = statistics(x, axes, 0);
  return [standardizedGradient(gradientOf(context), context.outputs[0]!, inverse, axes)];
}

function inferLpNormalization(context: InferContext): readonly TensorType[] {
  const p = numberAttribute(context.attributes, "p", 2);
  if (p !== 1 && p !== 2) throw new GraphError("ATTRIBUTE_INVALID", `p must be 1 or 2, got ${p}`, { value: p });
  const types = inferUnary(context);
  normalizeAxis(numberAttribute(context.attributes, "axis", -1), types[0]!.shape.length);
  return types;
}

/** With y = x / norm: (g - slope of the norm · Σ g·y) / norm. */
function lpNormalizationGradient(context: GradientContext): Tensor[] {
  const [x, y, g] = [context.inputs[0]!, context.outputs[0]!, gradientOf(context)];
  const { attributes } = context.node;
  const along = { axes: [numberAttribute(attributes, "axis", -1)], keepdims: true };
  const isL1 = numberAttribute(attributes, "p", 2) === 1;
  const norm = isL1 ? reduceL1(x, along) : f.reduceL2(x, along);
  const slope = isL1 ? f.sign(x) : y;
  return [f.div(f.sub(g, f.mul(slope, f.reduceSum(f.mul(g, y), along))), norm)];
}

export const normalizations: readonly Operator[] = [
  {
    name: "LayerNormalization",
    inputs: [2, 3],
    attributes: { axis: "int", epsilon: "float", stash_type: "int" },
    infer: inferLayerNormalization,
    gradient: layerNormalizationGradient,
  },
  {
    name: "InstanceNormalization",
    inputs: [3, 3],
    attributes: { epsilon: "float" },
    infer: inferInstanceNormalization,
    gradient: instanceNormalizationGradient,
  },
  {
    name: "MeanVarianceNormalization",
    inputs: [1, 1],
    attributes: { axes: "ints" },
    infer: (context) => {
      meanVarianceAxes(context);
      return inferUnary(context);
    },
    gradient: meanVarianceGradient,
  },
  {
    name: "LpNormalization",
    inputs: [1, 1],
    attributes: { axis: "int", p: "int" },
    infer: inferLpNormalization,
    gradient: lpNormalizationGradient,
  },
];
