import { isFloat } from "../dtype.js";
import { floatAttribute, type GradientContext, gradientOf, type Operator } from "../operator.js";
import type { Tensor } from "../tensor.js";
import * as f from "./build.js";
import { positive, STEP_SLOPE } from "./build-activation.js";
import { inferUnary } from "./elementwise.js";

function activation(
  name: string,
  gradient: (values: { x: Tensor; y: Tensor; g: Tensor; context: GradientContext }) => Tensor | "zero",
  attributes: Operator["attributes"] = {},
): Operator {
  return {
    name,
    inputs: [1, 1],
    attributes,
    accepts: isFloat,
    infer: inferUnary,
    gradient: (context) => [
      gradient({ x: context.inputs[0]!, y: context.outputs[0]!, g: gradientOf(context), context }),
    ],
  };
}

function leakyReluGradient(x: Tensor, g: Tensor, alpha: number): Tensor {
  return f.mul(g, f.add(f.mul(positive(x), 1 - alpha), alpha));
}

/** A step, which is how ReLU's own gradient is made, is flat: its slope is meant to be none. */
function hardSigmoidGradient(y: Tensor, g: Tensor, alpha: number): Tensor | "zero" {
  if (alpha >= STEP_SLOPE) return "zero";
  return f.mul(g, f.mul(f.mul(positive(y), positive(f.sub(1, y))), alpha));
}

export const activations: readonly Operator[] = [
  activation("Relu", ({ g, y }) => f.mul(g, positive(y))),
  activation(
    "LeakyRelu",
    ({ g, x, context }) => leakyReluGradient(x, g, floatAttribute(context.node.attributes, "alpha", 0.01)),
    { alpha: "float" },
  ),
  activation("Sigmoid", ({ g, y }) => f.mul(g, f.mul(y, f.sub(1, y)))),
  activation(
    "HardSigmoid",
    ({ g, y, context }) => hardSigmoidGradient(y, g, floatAttribute(context.node.attributes, "alpha", 0.2)),
    { alpha: "float", beta: "float" },
  ),
  activation("Tanh", ({ g, y }) => f.mul(g, f.sub(1, f.mul(y, y)))),
  activation("Softplus", ({ g, x }) => f.mul(g, f.sigmoid(x))),
];
