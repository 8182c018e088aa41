import { GraphError } from "../errors.js";
import { type GradientContext, type InferContext, required } from "../operator.js";
import { formatShape, type Shape, sameShape } from "../shape.js";
import type { Tensor } from "../tensor.js";
import * as f from "./build.js";

/** What normalizing operators share: checks, statistics, and the gradient through a standardization. */

/** Axes after batch and channel. */
export function spatialAxes(shape: Shape): number[] {
  return shape.slice(2).map((_, i) => i + 2);
}

/** All axes but the channel's. */
export function channelAxes(shape: Shape): number[] {
  return shape.flatMap((_, i) => (i === 1 ? [] : [i]));
}

/** A value per channel in a shape that broadcasts to [N, C, …]. */
export function perChannel(value: Tensor, shape: Shape): Tensor {
  return f.reshape(
    value,
    shape.map((_, i) => (i === 1 ? value.shape[0]! : 1)),
  );
}

/** Checks that inputs have a shape and the type of the first. */
export function requireInputs(context: InferContext, indices: readonly number[], shape: Shape): void {
  const { dtype } = required(context, 0);
  for (const index of indices) {
    const tensor = required(context, index);
    if (tensor.dtype !== dtype) {
      throw new GraphError("DTYPE_MISMATCH", `${dtype} and ${tensor.dtype} do not mix`, {
        value: [dtype, tensor.dtype],
        fix: "Cast one of them.",
      });
    }
    if (sameShape(tensor.shape, shape)) continue;
    throw new GraphError("SHAPE_MISMATCH", `input ${index} must be ${formatShape(shape)}`, { value: tensor.shape });
  }
}

/** Channels of [N, C, …]. */
export function channelsOf(context: InferContext, fewestDims: number): number {
  const { shape } = required(context, 0);
  if (shape.length >= fewestDims) return shape[1]!;
  throw new GraphError("SHAPE_MISMATCH", `takes at least ${fewestDims} dimensions, got ${shape.length}`, {
    value: shape,
  });
}

/** Refuses losses that depend on outputs beyond the first. */
export function onlyFirstOutput({ node, outputGradients }: GradientContext, what: string): void {
  if (!outputGradients.some((gradient, i) => i > 0 && gradient)) return;
  throw new GraphError("NO_GRADIENT", `${what} of ${node.op} carry no gradient`, {
    where: `node ${node.name}`,
    fix: "Detach them.",
  });
}

export interface Statistics {
  readonly mean: Tensor;
  /** 1 / sqrt(variance + epsilon) */
  readonly inverse: Tensor;
}

export function inverseRoot(variance: Tensor, epsilon: number): Tensor {
  return f.emitOne("Reciprocal", [f.sqrt(epsilon === 0 ? variance : f.add(variance, epsilon))]);
}

/** Mean and inverse standard deviation along axes, which stay with size 1. */
export function statistics(x: Tensor, axes: readonly number[], epsilon: number): Statistics {
  const mean = f.reduceMean(x, { axes, keepdims: true });
  const centered = f.sub(x, mean);
  const variance = f.reduceMean(f.mul(centered, centered), { axes, keepdims: true });
  return { mean, inverse: inverseRoot(variance, epsilon) };
}

export function standardized(x: Tensor, { mean, inverse }: Statistics): Tensor {
  return f.mul(f.sub(x, mean), inverse);
}

/**
 * Gradient through a standardization along axes: inverse · (g - mean(g) - x̂ · mean(g · x̂)), where g is the gradient of
 * the standardized values x̂.
 */
export function standardizedGradient(g: Tensor, xhat: Tensor, inverse: Tensor, axes: readonly number[]): Tensor {
  const mean = (value: Tensor) => f.reduceMean(value, { axes, keepdims: true });
  const along = f.add(f.mul(xhat, mean(f.mul(g, xhat))), mean(g));
  return f.mul(f.sub(g, along), inverse);
}

/**
 * A buffer of a statistic's size, for one node alone. In training ONNX Runtime writes the batch's statistics over the
 * running ones that it is given, graph inputs and the caller's arrays included. With momentum 0 the values do not count;
 * the factor differs from node to node, and from the shares of a blend by its sign, or ONNX Runtime would merge equal nodes.
 */
export function scratch(running: Tensor): Tensor {
  return f.mul(f.detach(running), -1 / (1 + running.graph.nodes.length));
}
