import { GraphError } from "../errors.js";
import {
  type GradientContext,
  gradientOf,
  type InferContext,
  numberAttribute,
  type Operator,
  required,
} from "../operator.js";
import { formatShape, normalizeAxis, sameShape } from "../shape.js";
import type { Attributes, Tensor, TensorType } from "../tensor.js";
import * as f from "./build.js";
import { checkIndexType, gatheredNDShape } from "./index-shapes.js";
import { zerosOf } from "./place.js";

const REDUCTIONS = ["none", "add", "mul"];

function reductionOf(attributes: Attributes): string {
  const reduction = attributes.reduction ?? "none";
  if (typeof reduction === "string" && REDUCTIONS.includes(reduction)) return reduction;
  throw new GraphError("ATTRIBUTE_INVALID", `reduction ${reduction} is not known`, {
    value: reduction,
    fix: `Use one of ${REDUCTIONS.join(", ")}.`,
  });
}

function checkUpdates(data: Tensor, updates: Tensor, expected: readonly number[]): void {
  if (updates.dtype !== data.dtype) {
    throw new GraphError("DTYPE_MISMATCH", `${data.dtype} and ${updates.dtype} do not mix`, { value: updates.dtype });
  }
  if (!sameShape(updates.shape, expected)) {
    throw new GraphError(
      "SHAPE_MISMATCH",
      `updates must be ${formatShape(expected)}, not ${formatShape(updates.shape)}`,
      { value: updates.shape },
    );
  }
}

function inferScatterElements(context: InferContext): readonly TensorType[] {
  const [data, indices, updates] = [required(context, 0), required(context, 1), required(context, 2)];
  checkIndexType(indices);
  reductionOf(context.attributes);
  const axis = normalizeAxis(numberAttribute(context.attributes, "axis", 0), data.shape.length);
  const fits = indices.shape.length === data.shape.length;
  if (!fits || indices.shape.some((dim, i) => i !== axis && dim > data.shape[i]!)) {
    const message = `indices ${formatShape(indices.shape)} do not suit ${formatShape(data.shape)} along axis ${axis}`;
    throw new GraphError("SHAPE_MISMATCH", message, { value: indices.shape });
  }
  checkUpdates(data, updates, indices.shape);
  return [{ dtype: data.dtype, shape: data.shape }];
}

function inferScatterND(context: InferContext): readonly TensorType[] {
  const [data, indices, updates] = [required(context, 0), required(context, 1), required(context, 2)];
  checkIndexType(indices, ["int64"]);
  reductionOf(context.attributes);
  checkUpdates(data, updates, gatheredNDShape(data.shape, indices.shape));
  return [{ dtype: data.dtype, shape: data.shape }];
}

/**
 * The data's gradient is the output's, with zeros where it was overwritten; the updates' is the output's at their places.
 * With reduction "none" a place must be hit at most once: ONNX leaves open which of several updates stays.
 */
function scatterGradient(
  context: GradientContext,
  scatter: (data: Tensor, updates: Tensor) => Tensor,
  gather: (x: Tensor) => Tensor,
): (Tensor | undefined)[] {
  const reduction = reductionOf(context.node.attributes);
  if (reduction === "mul") {
    throw new GraphError("NO_GRADIENT", 'reduction "mul" has no gradient rule', {
      where: `node ${context.node.name}`,
      value: reduction,
      fix: 'Use reduction "add" or "none", or detach the result.',
    });
  }
  const g = gradientOf(context);
  const updates = context.inputs[2]!;
  const kept = () => (reduction === "add" ? g : scatter(g, zerosOf(g.graph, g.dtype, updates.shape)));
  return [context.wants[0] ? kept() : undefined, undefined, context.wants[2] ? gather(g) : undefined];
}

export const scattering: readonly Operator[] = [
  {
    name: "ScatterElements",
    inputs: [3, 3],
    attributes: { axis: "int", reduction: "string" },
    infer: inferScatterElements,
    gradient: (context) => {
      const indices = context.inputs[1]!;
      const axis = numberAttribute(context.node.attributes, "axis", 0);
      return scatterGradient(
        context,
        (data, updates) => f.emitOne("ScatterElements", [data, indices, updates], { axis }),
        (x) => f.emitOne("GatherElements", [x, indices], { axis }),
      );
    },
  },
  {
    name: "ScatterND",
    inputs: [3, 3],
    attributes: { reduction: "string" },
    infer: inferScatterND,
    gradient: (context) => {
      const indices = context.inputs[1]!;
      return scatterGradient(
        context,
        (data, updates) => f.emitOne("ScatterND", [data, indices, updates]),
        (x) => f.emitOne("GatherND", [x, indices]),
      );
    },
  },
];
