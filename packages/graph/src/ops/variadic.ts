import { GraphError } from "../errors.js";
import { type GradientContext, gradientOf, type InferContext, type Operator, required } from "../operator.js";
import { broadcastShapes } from "../shape.js";
import type { Tensor, TensorType } from "../tensor.js";
import * as f from "./build.js";

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
function variadic(name: string, share: (context: GradientContext, g: Tensor) => (part: Tensor) => Tensor): Operator {
  return {
    name,
    inputs: [1, Number.POSITIVE_INFINITY],
    infer: inferVariadic,
    gradient: (context) => {
      const shareOf = share(context, gradientOf(context));
      return context.inputs.map((part, i) => (context.wants[i] ? f.sumTo(shareOf(part), part.shape) : undefined));
    },
  };
}

/** Inputs that reach the extremum together share its gradient equally, as in PyTorch for two. */
function extremum(name: string, side: 1 | -1): Operator {
  return variadic(name, ({ inputs, outputs }, g) => {
    if (inputs.length === 1) return () => g;
    if (inputs.length === 2) {
      const ahead = f.sign(f.sub(inputs[0]!, inputs[1]!));
      return (part) =>
        f.mul(g, f.mul(part === inputs[0] ? f.add(1, f.mul(ahead, side)) : f.sub(1, f.mul(ahead, side)), 0.5));
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
  variadic("Sum", (_, g) => () => g),
  variadic("Mean", ({ inputs }, g) => {
    const each = f.div(g, inputs.length);
    return () => each;
  }),
  extremum("Max", 1),
  extremum("Min", -1),
];
