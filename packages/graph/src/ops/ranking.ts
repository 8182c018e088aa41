import { GraphError } from "../errors.js";
import { constantInts, gradientOf, type InferContext, numberAttribute, type Operator, required } from "../operator.js";
import { normalizeAxis, reducedShape } from "../shape.js";
import type { TensorType } from "../tensor.js";
import * as f from "./build.js";
import { zerosOf } from "./place.js";

function inferTopK(context: InferContext): readonly TensorType[] {
  const { dtype, shape } = required(context, 0);
  const axis = normalizeAxis(numberAttribute(context.attributes, "axis", -1), shape.length);
  const k = constantInts(context, 1)![0]!;
  if (!(k >= 0 && k <= shape[axis]!)) {
    throw new GraphError("SHAPE_MISMATCH", `the first ${k} of ${shape[axis]} elements do not exist`, {
      value: k,
      fix: "Use a smaller k.",
    });
  }
  const kept = shape.map((dim, i) => (i === axis ? k : dim));
  return [
    { dtype, shape: kept },
    { dtype: "int64", shape: kept },
  ];
}

const topK: Operator = {
  name: "TopK",
  inputs: [2, 2],
  attributes: { axis: "int", largest: "int", sorted: "int" },
  namesAllOutputs: true,
  infer: inferTopK,
  gradient: (context) => {
    const x = context.inputs[0]!;
    const axis = numberAttribute(context.node.attributes, "axis", -1);
    const zeros = zerosOf(x.graph, x.dtype, x.shape);
    return [f.emitOne("ScatterElements", [zeros, context.outputs[1], gradientOf(context)], { axis })];
  },
};

function extremePosition(name: string): Operator {
  return {
    name,
    inputs: [1, 1],
    attributes: { axis: "int", keepdims: "int", select_last_index: "int" },
    infer: (context) => {
      const { shape } = required(context, 0);
      const axis = normalizeAxis(numberAttribute(context.attributes, "axis", 0), shape.length);
      const keepdims = numberAttribute(context.attributes, "keepdims", 1) === 1;
      return [{ dtype: "int64", shape: reducedShape(shape, [axis], keepdims) }];
    },
    gradient: "positions have no gradient",
  };
}

export const rankings: readonly Operator[] = [topK, extremePosition("ArgMax"), extremePosition("ArgMin")];
