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
import { formatShape, normalizeAxis, type Shape, sizeOf } from "../shape.js";
import type { Tensor, TensorType } from "../tensor.js";
import * as f from "./build.js";
import { checkIndexType, gatheredNDShape } from "./index-shapes.js";
import { placeAlong, zerosOf } from "./place.js";

function gatherAxis(context: Pick<InferContext, "attributes">, x: Tensor): number {
  return normalizeAxis(numberAttribute(context.attributes, "axis", 0), x.shape.length);
}

function inferGather(context: InferContext): readonly TensorType[] {
  const [x, indices] = [required(context, 0), required(context, 1)];
  checkIndexType(indices);
  const axis = gatherAxis(context, x);
  return [{ dtype: x.dtype, shape: [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)] }];
}

function gatherGradient(context: GradientContext): (Tensor | undefined)[] {
  const [x, indices] = [context.inputs[0]!, context.inputs[1]!];
  const axis = gatherAxis(context.node, x);
  const positions = distinctPositions(indices, x.shape[axis]!);
  if (positions) {
    const flat = f.reshape(gradientOf(context), withAxis(x.shape, axis, positions.length));
    return [placeAlong(flat, positions, axis, x.shape[axis]!)];
  }
  return [addRows(gradientOf(context), indices, x, axis)];
}

function withAxis(shape: Shape, axis: number, size: number): Shape {
  return shape.map((dim, i) => (i === axis ? size : dim));
}

/** Constant indices, counted from the front, if none is taken twice. */
function distinctPositions(indices: Tensor, size: number): number[] | undefined {
  if (indices.source.kind !== "constant") return undefined;
  const raw = Array.from(indices.source.data as ArrayLike<number | bigint>, Number);
  const positions = raw.map((index) => (index < 0 ? index + size : index));
  return new Set(positions).size === positions.length ? positions : undefined;
}

/**
 * Rows may repeat, so that gradients are added up: one ScatterND with reduction "add". For an embedding (axis 0) the
 * gradient goes in as it is; any other axis is moved to the front and back. Negative indices are the kernel's business.
 */
function addRows(g: Tensor, indices: Tensor, x: Tensor, axis: number): Tensor {
  const rows = f.cast(f.unsqueeze(indices, [indices.shape.length]), "int64");
  const outer = x.shape.slice(0, axis);
  if (axis === 0) return scatterAdd(zerosOf(x.graph, x.dtype, x.shape), rows, g);
  const rank = g.shape.length;
  const count = indices.shape.length;
  const all = Array.from({ length: rank }, (_, i) => i);
  const front = [...all.slice(axis, axis + count), ...all.slice(0, axis), ...all.slice(axis + count)];
  const target = [x.shape[axis]!, ...outer, ...x.shape.slice(axis + 1)];
  const summed = scatterAdd(zerosOf(x.graph, x.dtype, target), rows, f.transpose(g, front));
  return f.transpose(
    summed,
    x.shape.map((_, i) => (i === axis ? 0 : i < axis ? i + 1 : i)),
  );
}

function scatterAdd(data: Tensor, indices: Tensor, updates: Tensor): Tensor {
  return f.emitOne("ScatterND", [data, indices, updates], { reduction: "add" });
}

function inferGatherElements(context: InferContext): readonly TensorType[] {
  const [x, indices] = [required(context, 0), required(context, 1)];
  checkIndexType(indices);
  const axis = gatherAxis(context, x);
  const fits = indices.shape.length === x.shape.length;
  if (!fits || indices.shape.some((dim, i) => i !== axis && dim > x.shape[i]!)) {
    throw new GraphError(
      "SHAPE_MISMATCH",
      `indices ${formatShape(indices.shape)} do not suit ${formatShape(x.shape)} along axis ${axis}`,
      { value: indices.shape, fix: "Give one index for each element that is taken, of the data's rank." },
    );
  }
  return [{ dtype: x.dtype, shape: indices.shape }];
}

const gatherElements: Operator = {
  name: "GatherElements",
  inputs: [2, 2],
  attributes: { axis: "int" },
  infer: inferGatherElements,
  gradient: (context) => {
    const [x, indices] = [context.inputs[0]!, context.inputs[1]!];
    const zeros = zerosOf(x.graph, x.dtype, x.shape);
    const axis = gatherAxis(context.node, x);
    return [f.emitOne("ScatterElements", [zeros, indices, gradientOf(context)], { axis, reduction: "add" })];
  },
};

const gatherND: Operator = {
  name: "GatherND",
  inputs: [2, 2],
  attributes: { batch_dims: "int" },
  infer: (context) => {
    const [x, indices] = [required(context, 0), required(context, 1)];
    checkIndexType(indices, ["int64"]);
    const batch = numberAttribute(context.attributes, "batch_dims", 0);
    return [{ dtype: x.dtype, shape: gatheredNDShape(x.shape, indices.shape, batch) }];
  },
  gradient: (context) => {
    const [x, indices] = [context.inputs[0]!, context.inputs[1]!];
    const batch = numberAttribute(context.node.attributes, "batch_dims", 0);
    const zeros = zerosOf(x.graph, x.dtype, x.shape);
    return [scatterAdd(zeros, withBatchIndices(indices, batch), gradientOf(context))];
  },
};

/** Puts the batch's own coordinates in front of each index, as ScatterND has no batch_dims. */
function withBatchIndices(indices: Tensor, batch: number): Tensor {
  if (batch === 0) return indices;
  const places = indices.shape.slice(0, -1);
  const coordinates: number[] = [];
  for (let place = 0; place < sizeOf(places); place++) {
    let rest = Math.floor(place / sizeOf(places.slice(batch)));
    const coordinate = places.slice(0, batch).map(() => 0);
    for (let i = batch - 1; i >= 0; i--) {
      coordinate[i] = rest % places[i]!;
      rest = Math.floor(rest / places[i]!);
    }
    coordinates.push(...coordinate);
  }
  return f.concat([indices.graph.constant("int64", [...places, batch], coordinates), indices], places.length);
}

const compress: Operator = {
  name: "Compress",
  inputs: [2, 2],
  attributes: { axis: "int" },
  infer: (context) => {
    const x = required(context, 0);
    const { positions, axis } = keptOf(context);
    return [
      { dtype: x.dtype, shape: axis === undefined ? [positions.length] : withAxis(x.shape, axis, positions.length) },
    ];
  },
  gradient: (context) => {
    const x = context.inputs[0]!;
    const { positions, axis } = keptOf(context.node);
    const g = gradientOf(context);
    if (axis !== undefined) return [placeAlong(g, positions, axis, x.shape[axis]!)];
    return [f.reshape(placeAlong(g, positions, 0, sizeOf(x.shape)), x.shape)];
  },
};

/** Positions that a constant condition keeps, along `axis` or, without one, of all elements in a row. */
function keptOf(context: InferContext): { positions: number[]; axis: number | undefined } {
  const x = required(context, 0);
  const condition = constantInts(context, 1)!;
  const given = context.attributes.axis;
  const axis = typeof given === "number" ? normalizeAxis(given, x.shape.length) : undefined;
  const size = axis === undefined ? sizeOf(x.shape) : x.shape[axis]!;
  if (required(context, 1).dtype !== "bool" || required(context, 1).shape.length !== 1 || condition.length > size) {
    throw new GraphError("SHAPE_MISMATCH", `the condition must be at most ${size} truth values in a row`, {
      value: required(context, 1).shape,
    });
  }
  return { positions: condition.flatMap((keep, i) => (keep ? [i] : [])), axis };
}

export const gathering: readonly Operator[] = [
  { name: "Gather", inputs: [2, 2], attributes: { axis: "int" }, infer: inferGather, gradient: gatherGradient },
  gatherElements,
  gatherND,
  compress,
];
