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
import { addUpRows, placeAlong, zerosOf } from "./place.js";

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

/** Rows may repeat, so that gradients are added up, with the gathered axis in front. */
function addRows(g: Tensor, indices: Tensor, x: Tensor, axis: number): Tensor {
  const flat = f.reshape(g, withAxis(x.shape, axis, sizeOf(indices.shape)));
  if (axis === 0) return addUpRows(flat, indices, x.shape);
  const front = [axis, ...x.shape.map((_, i) => i).filter((i) => i !== axis)];
  const target = front.map((i) => x.shape[i]!);
  const back = front.map((_, i) => front.indexOf(i));
  return f.transpose(addUpRows(f.transpose(flat, front), indices, target), back);
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
    const depth = batch + indices.shape.at(-1)!;
    const rowShape = [sizeOf(x.shape.slice(0, depth)), ...x.shape.slice(depth)];
    return [f.reshape(addUpRows(gradientOf(context), rowNumbers(indices, x.shape, batch), rowShape), x.shape)];
  },
};

/** Which row each index means, counted through the axes in front of it. */
function rowNumbers(indices: Tensor, shape: Shape, batch: number): Tensor {
  const { graph } = indices;
  const depth = batch + indices.shape.at(-1)!;
  const strides = shape.slice(0, depth).map((_, i) => sizeOf(shape.slice(i + 1, depth)));
  const ints = (values: readonly number[]) => graph.ints(values.slice(batch));
  const fromFront = f.where(f.less(indices, 0), f.add(indices, ints(shape.slice(0, depth))), indices);
  const inBatch = f.reduceSum(f.mul(fromFront, ints(strides)), { axes: [-1] });
  if (batch === 0) return inBatch;
  const places = indices.shape.slice(0, batch);
  const starts = Array.from({ length: sizeOf(places) }, (_, i) => i * sizeOf(shape.slice(batch, depth)));
  return f.add(inBatch, graph.constant("int64", [...places, ...inBatch.shape.slice(batch).map(() => 1)], starts));
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
