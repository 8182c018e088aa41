import { isFloat } from "../dtype.js";
import { GraphError } from "../errors.js";
import {
  constantInts,
  type GradientContext,
  gradientOf,
  type InferContext,
  numberAttribute,
  type Operator,
  required,
} from "../operator.js";
import { formatShape, normalizeAxis } from "../shape.js";
import type { Tensor, TensorType } from "../tensor.js";
import * as f from "./build.js";
import { inferUnary } from "./elementwise.js";
import { placeAlong, zerosOf } from "./place.js";

function inferSplit(context: InferContext): readonly TensorType[] {
  const { dtype, shape } = required(context, 0);
  const axis = normalizeAxis(numberAttribute(context.attributes, "axis", 0), shape.length);
  const sizes = constantInts(context, 1);
  if (!sizes) {
    throw new GraphError("INPUT_COUNT", "sizes are missing", {
      fix: "Give the sizes of all parts as a constant, also of equal ones.",
    });
  }
  if (sizes.some((size) => size < 0) || sizes.reduce((a, b) => a + b, 0) !== shape[axis]) {
    throw new GraphError(
      "SHAPE_MISMATCH",
      `parts ${formatShape(sizes)} do not make up axis ${axis} of size ${shape[axis]}`,
      {
        value: sizes,
      },
    );
  }
  return sizes.map((size) => ({ dtype, shape: shape.map((dim, i) => (i === axis ? size : dim)) }));
}

/** One part alone is put into zeros; several are joined, with zeros for those that the loss does not depend on. */
function splitGradient(context: GradientContext): Tensor[] {
  const x = context.inputs[0]!;
  const axis = normalizeAxis(numberAttribute(context.node.attributes, "axis", 0), x.shape.length);
  const gradients = context.outputGradients;
  const [only, ...more] = gradients.flatMap((g, i) => (g ? [i] : []));
  if (only !== undefined && more.length === 0) {
    const start = context.outputs.slice(0, only).reduce((sum, part) => sum + part.shape[axis]!, 0);
    const positions = Array.from({ length: context.outputs[only]!.shape[axis]! }, (_, i) => start + i);
    return [placeAlong(gradients[only]!, positions, axis, x.shape[axis]!)];
  }
  const parts = context.outputs.map(({ graph, dtype, shape }, i) => gradients[i] ?? zerosOf(graph, dtype, shape));
  return [f.concat(parts, axis)];
}

function repeatsOf(context: InferContext): number[] {
  const { shape } = required(context, 0);
  const repeats = constantInts(context, 1)!;
  if (repeats.length === shape.length && repeats.every((count) => count >= 0)) return repeats;
  throw new GraphError("SHAPE_MISMATCH", `repeats ${formatShape(repeats)} do not suit ${formatShape(shape)}`, {
    value: repeats,
    fix: "Give one count for each axis.",
  });
}

const tile: Operator = {
  name: "Tile",
  inputs: [2, 2],
  infer: (context) => {
    const { dtype, shape } = required(context, 0);
    return [{ dtype, shape: repeatsOf(context).map((count, i) => count * shape[i]!) }];
  },
  gradient: (context) => {
    const x = context.inputs[0]!;
    const repeats = repeatsOf(context.node);
    const folded = repeats.flatMap((count, i) => (count === 1 ? [x.shape[i]!] : [count, x.shape[i]!]));
    let axis = 0;
    const axes = repeats.flatMap((count) => {
      axis += count === 1 ? 1 : 2;
      return count === 1 ? [] : [axis - 2];
    });
    const g = f.reshape(gradientOf(context), folded);
    return [axes.length > 0 ? f.reduceSum(g, { axes }) : g];
  },
};

const trilu: Operator = {
  name: "Trilu",
  inputs: [1, 2],
  attributes: { upper: "int" },
  infer: (context) => {
    if (required(context, 0).shape.length < 2)
      throw new GraphError("SHAPE_MISMATCH", "takes matrices or stacks of them");
    constantInts(context, 1);
    return inferUnary(context);
  },
  gradient: (context) => [
    f.emitOne("Trilu", [gradientOf(context), context.node.inputs[1]], { ...context.node.attributes }),
  ],
};

const cumSum: Operator = {
  name: "CumSum",
  inputs: [2, 2],
  attributes: { exclusive: "int", reverse: "int" },
  infer: (context) => {
    normalizeAxis(constantInts(context, 1)![0]!, required(context, 0).shape.length);
    return inferUnary(context);
  },
  gradient: (context) => {
    const { attributes, inputs } = context.node;
    const reverse = 1 - numberAttribute(attributes, "reverse", 0);
    const exclusive = numberAttribute(attributes, "exclusive", 0);
    return [f.emitOne("CumSum", [gradientOf(context), inputs[1]], { exclusive, reverse })];
  },
};

function inferReverseSequence(context: InferContext): readonly TensorType[] {
  const [x, lengths] = [required(context, 0), required(context, 1)];
  const batch = numberAttribute(context.attributes, "batch_axis", 1);
  const time = numberAttribute(context.attributes, "time_axis", 0);
  if (!(batch + time === 1 && batch * time === 0)) {
    throw new GraphError("ATTRIBUTE_INVALID", "one of batch_axis and time_axis must be 0, the other 1", {
      value: [batch, time],
    });
  }
  if (x.shape.length < 2 || lengths.shape.length !== 1 || lengths.shape[0] !== x.shape[batch]) {
    throw new GraphError("SHAPE_MISMATCH", `needs one length for each of the ${x.shape[batch]} sequences`, {
      value: lengths.shape,
    });
  }
  if (lengths.dtype !== "int64") throw new GraphError("DTYPE_MISMATCH", `lengths must be int64, not ${lengths.dtype}`);
  return inferUnary(context);
}

const reverseSequence: Operator = {
  name: "ReverseSequence",
  inputs: [2, 2],
  attributes: { batch_axis: "int", time_axis: "int" },
  infer: inferReverseSequence,
  gradient: (context) => [
    f.emitOne("ReverseSequence", [gradientOf(context), context.inputs[1]], { ...context.node.attributes }),
  ],
};

const castLike: Operator = {
  name: "CastLike",
  inputs: [2, 2],
  infer: (context) => [{ dtype: required(context, 1).dtype, shape: required(context, 0).shape }],
  gradient: (context) => {
    const [x, like] = [context.inputs[0]!, context.inputs[1]!];
    return [isFloat(x.dtype) && isFloat(like.dtype) ? f.cast(gradientOf(context), x.dtype) : undefined, "zero"];
  },
};

export const structures: readonly Operator[] = [
  {
    name: "Split",
    inputs: [1, 2],
    attributes: { axis: "int" },
    namesAllOutputs: true,
    infer: inferSplit,
    gradient: splitGradient,
  },
  tile,
  trilu,
  cumSum,
  reverseSequence,
  castLike,
];
