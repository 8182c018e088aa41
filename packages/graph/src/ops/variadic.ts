import { type DType, isFloat } from "../dtype.js";
import { GraphError } from "../errors.js";
import { type GradientContext, gradientOf, type InferContext, type Operator, required } from "../operator.js";
import { broadcastShapes } from "../shape.js";
import type { Tensor, TensorType } from "../tensor.js";
import * as f from "./build.js";
import { isNumber } from "./elementwise.js";

function inferVariadic(context: InferContext): readonly TensorType[] {
  const { dtype } = required(context, 0);
  const shapes = context.inputs.map((_, i) => {
    const part = required(context, i);
    if (part.dtype === dtype) return part.shape;
    throw new GraphError("DTYPE_MISMATCH", `${dtype} and ${part.dtype} do not mix`, {
      value: [dtype, part.dtype],
      fix: "Cast one of them.",
    });
  });
  return [{ dtype, shape: shapes.reduce(broadcastShapes) }];
}

/** An operator of one or more inputs that broadcast; `share` is what of the gradient goes to each. */
function variadic(
  name: string,
  accepts: (dtype: DType) => boolean,
  share: (context: GradientContext, g: Tensor) => (part: Tensor) => Tensor,
): Operator {
  return {
    name,
    inputs: [1, Number.POSITIVE_INFINITY],
    accepts,
    infer: inferVariadic,
    gradient: (context) => {
      const shareOf = share(context, gradientOf(context));
      return context.inputs.map((part, i) => (context.wants[i] ? f.sumTo(shareOf(part), part.shape) : undefined));
    },
  };
}

/** 1 where `part` wins over `other`, one half where both are equal, also where both are infinite. */
function shareOfTwo(part: Tensor, other: Tensor, wins: (a: Tensor, b: Tensor) => Tensor): Tensor {
  const ties = f.cast(f.equal(part, other), part.dtype);
  return f.add(f.cast(wins(part, other), part.dtype), f.mul(ties, 0.5));
}

/** Inputs that reach the extremum together share its gradient equally, as in PyTorch for two. */
function extremum(name: string, wins: (a: Tensor, b: Tensor) => Tensor): Operator {
  return variadic(name, isNumber, ({ inputs, outputs }, g) => {
    if (inputs.length === 1) return () => g;
    if (inputs.length === 2) {
      return (part) => f.mul(g, shareOfTwo(part, part === inputs[0] ? inputs[1]! : inputs[0]!, wins));
    }
    const hit = (part: Tensor) => f.cast(f.equal(part, outputs[0]!), g.dtype);
    const each = f.div(
      g,
      inputs.map(hit).reduce((a, b) => f.add(a, b)),
    );
    return (part) => f.mul(each, hit(part));
  });
}

export const variadics: readonly Operator[] = [
  variadic("Sum", isFloat, (_, g) => () => g),
  variadic("Mean", isFloat, ({ inputs }, g) => {
    const each = f.div(g, inputs.length);
    return () => each;
  }),
  extremum("Max", f.greater),
  extremum("Min", f.less),
];
