import { isFloat } from "../dtype.js";
import { gradientOf, numberAttribute, type Operator } from "../operator.js";
import { normalizeAxis } from "../shape.js";
import type { Tensor } from "../tensor.js";
import * as f from "./build.js";
import { inferUnary } from "./elementwise.js";

function normalizer(name: string, gradient: (y: Tensor, g: Tensor, axis: number) => Tensor): Operator {
  return {
    name,
    inputs: [1, 1],
    attributes: { axis: "int" },
    accepts: isFloat,
    infer: (context) => {
      const types = inferUnary(context);
      normalizeAxis(numberAttribute(context.attributes, "axis", -1), types[0]!.shape.length);
      return types;
    },
    gradient: (context) => {
      const axis = numberAttribute(context.node.attributes, "axis", -1);
      return [gradient(context.outputs[0]!, gradientOf(context), axis)];
    },
  };
}

const sumAlong = (x: Tensor, axis: number) => f.reduceSum(x, { axes: [axis], keepdims: true });

export const softmaxes: readonly Operator[] = [
  normalizer("Softmax", (y, g, axis) => f.mul(y, f.sub(g, sumAlong(f.mul(g, y), axis)))),
  normalizer("LogSoftmax", (y, g, axis) => f.sub(g, f.mul(f.exp(y), sumAlong(g, axis)))),
];
