import { GraphError } from "../errors.js";
import {
  type GradientContext,
  gradientOf,
  type InferContext,
  numberAttribute,
  type Operator,
  required,
} from "../operator.js";
import { type Shape, sizeOf } from "../shape.js";
import type { Tensor, TensorType } from "../tensor.js";
import * as f from "./build.js";
import { type WindowAxis, windowAxes, windowPositions } from "./window.js";

/** Up to this many places in a window, finding the maximum anew is faster than a MaxPool that returns its indices. */
const MAX_PLACES_SEARCHED = 9;

function inferMaxPool(context: InferContext): readonly TensorType[] {
  const { dtype, shape } = required(context, 0);
  const storageOrder = numberAttribute(context.attributes, "storage_order", 0);
  if (storageOrder !== 0 && storageOrder !== 1) {
    throw new GraphError("ATTRIBUTE_INVALID", `storage_order must be 0 or 1, not ${storageOrder}`);
  }
  const spatial = windowAxes(shape, context.attributes).map((axis) => axis.out);
  const pooled = [...shape.slice(0, 2), ...spatial];
  return [
    { dtype, shape: pooled },
    { dtype: "int64", shape: pooled },
  ];
}

/** The gradient goes to the first maximum of each window in row-major order, as in PyTorch; windows may overlap. */
function maxPoolGradient(context: GradientContext): (Tensor | undefined)[] {
  const x = context.inputs[0]!;
  const g = gradientOf(context);
  const axes = windowAxes(x.shape, context.node.attributes);
  const places = sizeOf(axes.map((axis) => axis.kernel));
  if (places > MAX_PLACES_SEARCHED) return [scatter(g, indicesOf(context), x.shape, [sizeOf(x.shape)])];
  const planes = sizeOf(x.shape.slice(0, 2));
  return [scatter(g, searchMaxima(x, context.outputs[0]!, axes), x.shape, [planes, sizeOf(x.shape.slice(2))])];
}

/** Indices into the whole of x; those of storage_order 1 count along other axes and are computed anew. */
function indicesOf({ node, inputs, outputs }: GradientContext): Tensor {
  const { storage_order: order, ...attributes } = node.attributes;
  return order ? inputs[0]!.graph.emit("MaxPool", inputs, attributes)[1]! : outputs[1]!;
}

/**
 * Adds up the elements of `g` that have the same index along the last axis of `flatShape`. ScatterElements adds
 * duplicates one after the other; ScatterND loses some of them when it runs on several threads.
 */
function scatter(g: Tensor, indices: Tensor, shape: Shape, flatShape: Shape): Tensor {
  const rows = flatShape.slice(0, -1);
  const flat = [...rows, sizeOf(g.shape) / sizeOf(rows)];
  const zeros = f.expand(g.graph.scalar(0, g.dtype), flatShape);
  const inputs = [zeros, f.reshape(indices, flat), f.reshape(g, flat)];
  return f.reshape(f.emitOne("ScatterElements", inputs, { axis: rows.length, reduction: "add" }), shape);
}

/** Where in its plane each window's first maximum lies: int32 [N · C, windows]. */
function searchMaxima(x: Tensor, y: Tensor, axes: readonly WindowAxis[]): Tensor {
  const { graph } = x;
  const padded = padUnequal(x, axes);
  const strides = axes.map((_, i) => sizeOf(axes.slice(i + 1).map((axis) => axis.size)));
  const inPlane = (position: readonly number[]) => position.reduce((sum, p, i) => sum + p * strides[i]!, 0);
  const places = product(axes.map((axis) => range(axis.kernel)));
  const offsets = places.map((place) => inPlane(place.map((k, i) => k * axes[i]!.dilation)));
  // What is left when no other place holds the maximum, or when it is not a number: a place inside of the plane.
  const windows = product(axes.map((axis) => range(axis.out)));
  const left = windows.map((window) => {
    const isInside = (place: readonly number[]) => axes.every((axis, i) => isWithin(axis, window[i]!, place[i]!));
    return offsets[Math.max(0, places.findLastIndex(isInside))]!;
  });
  const last = graph.constant("int32", [1, 1, ...y.shape.slice(2)], left);
  // From the last place to the first, so that the first one that holds the maximum stays.
  const offset = places.slice(0, -1).reduceRight((found, place, i) => {
    const isMaximum = f.equal(takePlace(padded, axes, place), y);
    return f.where(isMaximum, graph.scalar(offsets[i]!, "int32"), found);
  }, last);
  const starts = windows.map((window) => inPlane(window.map((index, i) => windowPositions(axes[i]!, index)[0]!)));
  const rows = f.reshape(f.expand(offset, y.shape), [sizeOf(y.shape.slice(0, 2)), starts.length]);
  return f.add(rows, graph.constant("int32", [1, starts.length], starts));
}

function isWithin(axis: WindowAxis, index: number, place: number): boolean {
  const position = windowPositions(axis, index)[place]!;
  return position >= 0 && position < axis.size;
}

/** The input with everything around it that a window can reach, not a number: padding never equals the maximum. */
function padUnequal(x: Tensor, axes: readonly WindowAxis[]): Tensor {
  const begins = axes.map((axis) => axis.begin);
  const ends = axes.map((axis) => Math.max(0, windowPositions(axis, axis.out - 1).at(-1)! + 1 - axis.size));
  if ([...begins, ...ends].every((pad) => pad === 0)) return x;
  const unequal = x.graph.scalar(Number.NaN, x.dtype);
  return f.emitOne("Pad", [x, x.graph.ints([0, 0, ...begins, 0, 0, ...ends]), unequal], { mode: "constant" });
}

/** One place of every window: [N, C, ...windows]. */
function takePlace(padded: Tensor, axes: readonly WindowAxis[], place: readonly number[]): Tensor {
  const starts = axes.map((axis, i) => place[i]! * axis.dilation);
  const ends = axes.map((axis, i) => starts[i]! + (axis.out - 1) * axis.stride + 1);
  const strides = axes.map((axis) => axis.stride);
  return f.slice(
    padded,
    starts,
    ends,
    axes.map((_, i) => i + 2),
    strides,
  );
}

const range = (length: number) => Array.from({ length }, (_, i) => i);

/** All combinations of one number from each list, the last list running fastest. */
function product(lists: readonly (readonly number[])[]): number[][] {
  return lists.reduce<number[][]>((rows, list) => rows.flatMap((row) => list.map((value) => [...row, value])), [[]]);
}

export const maxPool: Operator = {
  name: "MaxPool",
  inputs: [1, 1],
  attributes: {
    auto_pad: "string",
    ceil_mode: "int",
    dilations: "ints",
    kernel_shape: "ints",
    pads: "ints",
    storage_order: "int",
    strides: "ints",
  },
  infer: inferMaxPool,
  gradient: maxPoolGradient,
};
