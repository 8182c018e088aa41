import { GraphError } from "../errors.js";
import {
  type GradientContext,
  type GradientResult,
  gradientOf,
  type InferContext,
  type Operator,
  required,
} from "../operator.js";
import { formatShape, type Shape, sameShape } from "../shape.js";
import type { Node, Tensor, TensorType } from "../tensor.js";
import * as f from "./build.js";

const REDUCTIONS = ["none", "sum", "mean"];

function reductionOf({ attributes }: Pick<Node, "attributes">): string {
  const reduction = attributes.reduction ?? "mean";
  if (REDUCTIONS.includes(reduction as string)) return reduction as string;
  throw new GraphError("ATTRIBUTE_INVALID", `reduction must be ${REDUCTIONS.join(", ")}`, { value: reduction });
}

/** The loss of scores [N, C, …] and class numbers [N, …]. */
function inferLoss(context: InferContext): TensorType {
  const [scores, labels, weight] = [required(context, 0), required(context, 1), context.inputs[2]];
  const { dtype, shape } = scores;
  if (labels.dtype !== "int64" && labels.dtype !== "int32") {
    throw new GraphError("DTYPE_MISMATCH", `class numbers must be integers, not ${labels.dtype}`);
  }
  const samples = shape.filter((_, i) => i !== 1);
  requireShape("class numbers", labels.shape, samples);
  if (weight) requireShape("weights", weight.shape, [shape[1]!]);
  if (weight && weight.dtype !== dtype) {
    throw new GraphError("DTYPE_MISMATCH", `${dtype} and ${weight.dtype} do not mix`, { fix: "Cast one of them." });
  }
  return { dtype, shape: reductionOf(context) === "none" ? samples : [] };
}

function requireShape(what: string, actual: Shape, expected: Shape): void {
  if (sameShape(actual, expected)) return;
  throw new GraphError("SHAPE_MISMATCH", `${what} must be ${formatShape(expected)}`, { value: actual });
}

interface Targets {
  /** One-hot classes in the shape of the scores. */
  readonly classes: Tensor;
  /** d loss / d (loss of the sample), weights and reduction included, [N, 1, …]; 0 for ignored samples. */
  readonly share: Tensor;
}

function targetsOf(context: GradientContext): Targets {
  const { node, wants } = context;
  const [scores, labels, weight] = context.inputs as [Tensor, Tensor, Tensor | undefined];
  if (wants[2]) throw new GraphError("NO_GRADIENT", `the weights of ${node.op} have no gradient`, { where: node.name });
  const ignored = node.attributes.ignore_index;
  const isIgnored = typeof ignored === "number" ? f.equal(labels, ignored) : undefined;
  const safe = isIgnored ? f.where(isIgnored, f.sub(labels, labels), labels) : labels;
  const each = weight ? f.gather(weight, safe) : f.expand(scores.graph.scalar(1, scores.dtype), labels.shape);
  const counted = isIgnored ? f.mul(each, f.cast(f.not(isIgnored), scores.dtype)) : each;
  const weighted = f.mul(gradientOf(context), counted);
  const share = reductionOf(node) === "mean" ? f.div(weighted, f.reduceSum(counted)) : weighted;
  return { classes: classesOf(safe, scores), share: f.unsqueeze(share, [1]) };
}

/** ONNX Runtime has no OneHot of doubles. */
function classesOf(labels: Tensor, scores: Tensor): Tensor {
  const { graph } = scores;
  const values = graph.constant("float32", [2], [0, 1]);
  return f.cast(
    f.emitOne("OneHot", [labels, graph.scalar(scores.shape[1]!, "int64"), values], { axis: 1 }),
    scores.dtype,
  );
}

function likelihoodGradient(context: GradientContext): Tensor[] {
  const { classes, share } = targetsOf(context);
  return [f.neg(f.mul(classes, share))];
}

/** (softmax - one-hot) · share, and what comes back through the second output, the logarithms of the probabilities. */
function crossEntropyGradient(context: GradientContext): GradientResult[] {
  const [ofLoss, ofLogs] = context.outputGradients;
  const probabilities = f.exp(context.outputs[1]!);
  const parts: Tensor[] = [];
  if (ofLoss) {
    const { classes, share } = targetsOf(context);
    parts.push(f.mul(f.sub(probabilities, classes), share));
  }
  if (ofLogs) parts.push(f.sub(ofLogs, f.mul(probabilities, f.reduceSum(ofLogs, { axes: [1], keepdims: true }))));
  // Weights enter the loss only, and there they are refused.
  return [parts.reduce((a, b) => f.add(a, b)), undefined, "zero"];
}

const ATTRIBUTES = { ignore_index: "int", reduction: "string" } as const;

/** Losses of class numbers. A sample whose class is `ignore_index` counts neither in the sum nor in the mean. */
export const classLosses: readonly Operator[] = [
  {
    name: "NegativeLogLikelihoodLoss",
    inputs: [2, 3],
    attributes: ATTRIBUTES,
    infer: (context) => [inferLoss(context)],
    gradient: likelihoodGradient,
  },
  {
    name: "SoftmaxCrossEntropyLoss",
    inputs: [2, 3],
    attributes: ATTRIBUTES,
    infer: (context) => {
      const { dtype, shape } = required(context, 0);
      return [inferLoss(context), { dtype, shape }];
    },
    gradient: crossEntropyGradient,
  },
];
