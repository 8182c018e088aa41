import { GraphError } from "../errors.js";
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
import { broadcastShapes, formatShape, normalizeAxes, normalizeAxis, type Shape, sizeOf } from "../shape.js";
import type { Tensor, TensorType } from "../tensor.js";
import * as f from "./build.js";

/** Operators that only re-read the same elements: the gradient is the same elements in the input's shape. */
function relabeling(
  name: string,
  inputs: Operator["inputs"],
  attributes: Operator["attributes"] & object,
  shapeOf: (x: Tensor, context: InferContext) => Shape,
): Operator {
  return {
    name,
    inputs,
    attributes,
    infer: (context) => {
      const x = required(context, 0);
      return [{ dtype: x.dtype, shape: shapeOf(x, context) }];
    },
    gradient: (context) => [f.reshape(gradientOf(context), context.inputs[0]!.shape)],
  };
}

function targetInts(context: InferContext): number[] {
  const target = constantInts(context, 1);
  if (!target) throw new GraphError("INPUT_COUNT", "needs its second input");
  return target;
}

/** 0 copies the input's dimension, one -1 is worked out from the rest. */
function reshapedShape(x: Tensor, context: InferContext): Shape {
  const target = targetInts(context);
  const copies = numberAttribute(context.attributes, "allowzero", 0) === 0;
  const dims = target.map((dim, i) => (dim === 0 && copies ? (x.shape[i] ?? 0) : dim));
  const known = sizeOf(dims.filter((dim) => dim !== -1));
  const shape = dims.map((dim) => (dim === -1 ? sizeOf(x.shape) / known : dim));
  const isWrong = target.some((dim) => dim < -1) || target.filter((dim) => dim === -1).length > 1;
  if (isWrong || sizeOf(shape) !== sizeOf(x.shape) || !shape.every(Number.isInteger)) {
    throw new GraphError("SHAPE_MISMATCH", `${formatShape(x.shape)} cannot become ${formatShape(target)}`, {
      value: target,
    });
  }
  return shape;
}

function flattenedShape(x: Tensor, context: InferContext): Shape {
  const axis = numberAttribute(context.attributes, "axis", 1);
  const split = axis === x.shape.length ? axis : normalizeAxis(axis, x.shape.length);
  return [sizeOf(x.shape.slice(0, split)), sizeOf(x.shape.slice(split))];
}

function squeezedShape(x: Tensor, context: InferContext): Shape {
  const given = constantInts(context, 1);
  const ones = x.shape.flatMap((dim, i) => (dim === 1 ? [i] : []));
  const axes = given ? normalizeAxes(given, x.shape.length) : ones;
  const wrong = axes.find((axis) => x.shape[axis] !== 1);
  if (wrong !== undefined) {
    throw new GraphError("SHAPE_MISMATCH", `axis ${wrong} has size ${x.shape[wrong]}, not 1`, { value: wrong });
  }
  return x.shape.filter((_, i) => !axes.includes(i));
}

function unsqueezedShape(x: Tensor, context: InferContext): Shape {
  const given = targetInts(context);
  const rank = x.shape.length + given.length;
  const axes = normalizeAxes(given, rank);
  if (axes.length !== given.length) throw new GraphError("ATTRIBUTE_INVALID", "axes repeat", { value: given });
  const rest = [...x.shape];
  return Array.from({ length: rank }, (_, i) => (axes.includes(i) ? 1 : rest.shift()!));
}

function permOf(context: InferContext): readonly number[] {
  const { shape } = required(context, 0);
  const perm = numbersAttribute(context.attributes, "perm") ?? shape.map((_, i) => shape.length - 1 - i);
  const sorted = [...perm].sort((a, b) => a - b);
  if (perm.length !== shape.length || sorted.some((axis, i) => axis !== i)) {
    throw new GraphError("ATTRIBUTE_INVALID", `perm ${formatShape(perm)} does not permute ${shape.length} axes`, {
      value: perm,
    });
  }
  return perm;
}

const transpose: Operator = {
  name: "Transpose",
  inputs: [1, 1],
  attributes: { perm: "ints" },
  infer: (context) => {
    const { dtype, shape } = required(context, 0);
    return [{ dtype, shape: permOf(context).map((axis) => shape[axis]!) }];
  },
  gradient: (context) => {
    const perm = permOf(context.node);
    return [
      f.transpose(
        gradientOf(context),
        perm.map((_, axis) => perm.indexOf(axis)),
      ),
    ];
  },
};

const expand: Operator = {
  name: "Expand",
  inputs: [2, 2],
  infer: (context) => {
    const { dtype, shape } = required(context, 0);
    return [{ dtype, shape: broadcastShapes(shape, targetInts(context)) }];
  },
  gradient: (context) => [f.sumTo(gradientOf(context), context.inputs[0]!.shape)],
};

function inferConcat(context: InferContext): readonly TensorType[] {
  const first = required(context, 0);
  const axis = normalizeAxis(numberAttribute(context.attributes, "axis", 0), first.shape.length);
  let length = 0;
  for (const [i, part] of context.inputs.entries()) {
    const fits = part?.dtype === first.dtype && part.shape.length === first.shape.length;
    if (!part || !fits || part.shape.some((dim, k) => k !== axis && dim !== first.shape[k])) {
      throw new GraphError("SHAPE_MISMATCH", `input ${i} does not line up with the first outside axis ${axis}`);
    }
    length += part.shape[axis]!;
  }
  return [{ dtype: first.dtype, shape: first.shape.map((dim, i) => (i === axis ? length : dim)) }];
}

function concatGradient(context: GradientContext): (Tensor | undefined)[] {
  const g = gradientOf(context);
  const axis = normalizeAxis(numberAttribute(context.node.attributes, "axis", 0), g.shape.length);
  let start = 0;
  return context.inputs.map((part, i) => {
    const from = start;
    start += part.shape[axis]!;
    return context.wants[i] ? f.slice(g, [from], [start], [axis]) : undefined;
  });
}

export const layouts: readonly Operator[] = [
  relabeling("Reshape", [2, 2], { allowzero: "int" }, reshapedShape),
  relabeling("Flatten", [1, 1], { axis: "int" }, flattenedShape),
  relabeling("Squeeze", [1, 2], {}, squeezedShape),
  relabeling("Unsqueeze", [2, 2], {}, unsqueezedShape),
  transpose,
  expand,
  {
    name: "Concat",
    inputs: [1, Number.POSITIVE_INFINITY],
    attributes: { axis: "int" },
    infer: inferConcat,
    gradient: concatGradient,
  },
];
