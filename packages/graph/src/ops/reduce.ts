import {
  constantInts,
  type GradientContext,
  gradientOf,
  type InferContext,
  numberAttribute,
  numbersAttribute,
  type Operator,
  required,
} from "../operator.js";
import { normalizeAxes, reducedShape } from "../shape.js";
import type { Tensor, TensorType } from "../tensor.js";
import * as f from "./build.js";
import { reduceProd } from "./build-math.js";

/** Axes as opset 17 has them: an input of ReduceSum, an attribute of all others. */
function axesOf(context: InferContext): number[] {
  const axes = constantInts(context, 1) ?? numbersAttribute(context.attributes, "axes");
  const { shape } = required(context, 0);
  return axes?.length ? normalizeAxes(axes, shape.length) : shape.map((_, i) => i);
}

function inferReduced(context: InferContext): readonly TensorType[] {
  const { dtype, shape } = required(context, 0);
  if (isNoop(context)) return [{ dtype, shape }];
  const keepdims = numberAttribute(context.attributes, "keepdims", 1) !== 0;
  return [{ dtype, shape: reducedShape(shape, axesOf(context), keepdims) }];
}

function isNoop(context: InferContext): boolean {
  return numberAttribute(context.attributes, "noop_with_empty_axes", 0) === 1 && !constantInts(context, 1)?.length;
}

interface ReducedValues {
  readonly x: Tensor;
  /** Result and its gradient, with reduced axes kept as size 1. */
  readonly y: Tensor;
  readonly g: Tensor;
  readonly axes: readonly number[];
}

function reduction(name: string, gradient: (values: ReducedValues) => Tensor): Operator {
  const hasAxesInput = name === "ReduceSum";
  return {
    name,
    inputs: [1, hasAxesInput ? 2 : 1],
    attributes: hasAxesInput ? { keepdims: "int", noop_with_empty_axes: "int" } : { keepdims: "int", axes: "ints" },
    infer: inferReduced,
    gradient: (context) => [reducedGradient(context, gradient)],
  };
}

function reducedGradient(context: GradientContext, gradient: (values: ReducedValues) => Tensor): Tensor {
  const x = context.inputs[0]!;
  const { inputs, attributes } = context.node;
  if (isNoop({ inputs, attributes })) return gradientOf(context);
  const axes = axesOf({ inputs, attributes });
  const restore = (value: Tensor) => f.restoreAxes(value, axes, x.shape);
  return gradient({ x, y: restore(context.outputs[0]!), g: restore(gradientOf(context)), axes });
}

/** Ties share the gradient equally, as in PyTorch's `amax`. */
function extremumGradient({ x, y, g, axes }: ReducedValues): Tensor {
  const hits = f.cast(f.equal(x, y), x.dtype);
  return f.mul(hits, f.div(g, f.reduceSum(hits, { axes, keepdims: true })));
}

/** The product of all other elements: their zeros are counted apart, since y / x would divide by them. */
function productGradient({ x, g, axes }: ReducedValues): Tensor {
  const along = { axes, keepdims: true };
  const isZero = f.equal(x, 0);
  const zeros = f.cast(isZero, x.dtype);
  const filled = f.where(isZero, x.graph.scalar(1, x.dtype), x);
  const nonzeroElsewhere = f.equal(f.sub(f.reduceSum(zeros, along), zeros), 0);
  return f.mul(f.div(f.mul(g, reduceProd(filled, along)), filled), f.cast(nonzeroElsewhere, x.dtype));
}

export const reductions: readonly Operator[] = [
  reduction("ReduceSum", ({ x, g }) => f.expand(g, x.shape)),
  reduction("ReduceMean", ({ x, g, axes }) => f.expand(f.div(g, f.reducedCount(x.shape, axes)), x.shape)),
  reduction("ReduceMax", extremumGradient),
  reduction("ReduceMin", extremumGradient),
  reduction("ReduceProd", productGradient),
  reduction("ReduceL1", ({ x, g }) => f.mul(g, f.sign(x))),
  reduction("ReduceSumSquare", ({ x, g }) => f.mul(x, f.mul(g, 2))),
  reduction("ReduceLogSum", ({ x, y, g }) => f.expand(f.div(g, f.exp(y)), x.shape)),
  // The norm of zeros has no slope; 0 is PyTorch's choice.
  reduction("ReduceL2", ({ x, y, g }) => f.mul(x, f.where(f.equal(y, 0), g.graph.scalar(0, g.dtype), f.div(g, y)))),
  reduction("ReduceLogSumExp", ({ x, y, g }) => {
    const nothing = g.graph.scalar(Number.NEGATIVE_INFINITY, g.dtype);
    const zero = g.graph.scalar(0, g.dtype);
    return f.where(f.equal(y, nothing), zero, f.mul(g, f.exp(f.sub(x, y))));
  }),
];
