import { GraphError } from "../errors.js";
import {
  constantInts,
  type GradientContext,
  type GradientResult,
  gradientOf,
  type InferContext,
  type Operator,
  required,
} from "../operator.js";
import { formatShape } from "../shape.js";
import type { Tensor, TensorType } from "../tensor.js";
import * as f from "./build.js";
import { COORDINATE_MODES, NEAREST_MODES, RESIZE_MODES, type ResizedAxis, resizedRows } from "./resize-matrix.js";
import { applyAlong, type Entry, sparseMatrix, transposed } from "./separable.js";

const ROI = 1;
const SCALES = 2;
const SIZES = 3;

/** The numbers of an optional constant input; an empty one counts as left out, as in opset 11. */
function optionalNumbers(context: InferContext, index: number, rank: number): number[] | undefined {
  const values = constantInts(context, index);
  if (!values?.length) return undefined;
  if (values.length === rank && values.every((value) => value > 0)) return values;
  throw new GraphError("SHAPE_MISMATCH", `input ${index} must be ${rank} positive numbers`, { value: values });
}

/** How each axis changes: from `sizes`, or from `scales`. */
function resizedAxes(context: InferContext): ResizedAxis[] {
  const { shape } = required(context, 0);
  const scales = optionalNumbers(context, SCALES, shape.length);
  const sizes = optionalNumbers(context, SIZES, shape.length);
  if (sizes && !scales) return shape.map((size, i) => ({ size, out: sizes[i]!, scale: Math.fround(sizes[i]! / size) }));
  if (!scales || sizes) {
    throw new GraphError("INPUT_COUNT", "takes either scales or sizes", { fix: "Give one of the two as a constant." });
  }
  const extents = croppedExtents(context, shape.length);
  return shape.map((size, i) => {
    const scale = Math.fround(scales[i]!);
    return { size, out: Math.floor(Math.fround(Math.fround(size * extents[i]!) * scale)), scale };
  });
}

/** Which share of each axis `tf_crop_and_resize` takes; the other modes take all of it. */
function croppedExtents(context: InferContext, rank: number): number[] {
  if (context.attributes.coordinate_transformation_mode !== "tf_crop_and_resize") return new Array(rank).fill(1);
  const roi = constantInts(context, ROI);
  if (roi?.length === 2 * rank) return Array.from({ length: rank }, (_, i) => Math.fround(roi[i + rank]! - roi[i]!));
  throw new GraphError("INPUT_COUNT", `tf_crop_and_resize needs ${2 * rank} numbers as its roi`, { value: roi });
}

function checkMode(context: InferContext, attribute: string, known: readonly string[]): void {
  const value = context.attributes[attribute];
  if (value === undefined || known.includes(String(value))) return;
  throw new GraphError("ATTRIBUTE_INVALID", `${attribute} ${value} is not known`, {
    value,
    fix: `Use one of ${known.join(", ")}.`,
  });
}

function inferResize(context: InferContext): readonly TensorType[] {
  const { dtype, shape } = required(context, 0);
  checkMode(context, "mode", RESIZE_MODES);
  checkMode(context, "coordinate_transformation_mode", COORDINATE_MODES);
  checkMode(context, "nearest_mode", NEAREST_MODES);
  const resized = resizedAxes(context).map((axis) => axis.out);
  if (resized.some((dim) => dim < 1)) {
    throw new GraphError("SHAPE_MISMATCH", `${formatShape(shape)} would shrink to ${formatShape(resized)}`, {
      value: resized,
      fix: "Use larger scales.",
    });
  }
  return [{ dtype, shape: resized }];
}

/** Interpolation is a matrix per axis; its gradient is the transposed matrix, or a sum where elements are repeated. */
function resizeGradient(context: GradientContext): GradientResult[] {
  const { node } = context;
  if (node.attributes.coordinate_transformation_mode === "tf_crop_and_resize") {
    throw new GraphError("NO_GRADIENT", "Resize with tf_crop_and_resize has no gradient rule", {
      where: `node ${node.name}`,
      fix: "Slice first and resize then.",
    });
  }
  const axes = resizedAxes(node);
  const rows = axes.map((axis) => resizedRows(axis, node.attributes));
  const g = axes.reduceRight((partial, axis, i) => {
    if (isRepetition(axis, rows[i]!)) return partial;
    return applyAlong(partial, i, transposed(sparseMatrix(rows[i]!, axis.size)));
  }, gradientOf(context));
  const repeats = axes.map((axis, i) => (isRepetition(axis, rows[i]!) ? axis.out / axis.size : 1));
  // The region of interest counts with tf_crop_and_resize only.
  return [sumBlocks(g, repeats), "zero"];
}

/** Whether every element is repeated equally often. */
function isRepetition({ size, out }: ResizedAxis, rows: readonly (readonly Entry[])[]): boolean {
  const factor = out / size;
  return Number.isInteger(factor) && rows.every((row, i) => row.length === 1 && row[0]![0] === Math.floor(i / factor));
}

/** Sums up `repeats[i]` neighbors along each axis. */
function sumBlocks(g: Tensor, repeats: readonly number[]): Tensor {
  if (repeats.every((repeat) => repeat === 1)) return g;
  const parts = g.shape.flatMap((dim, i) => (repeats[i] === 1 ? [[dim]] : [[dim / repeats[i]!, repeats[i]!]]));
  const axes: number[] = [];
  parts.reduce((start, part) => {
    if (part.length === 2) axes.push(start + 1);
    return start + part.length;
  }, 0);
  return f.reduceSum(f.reshape(g, parts.flat()), { axes });
}

export const resizes: readonly Operator[] = [
  {
    name: "Resize",
    inputs: [1, 4],
    attributes: {
      coordinate_transformation_mode: "string",
      cubic_coeff_a: "float",
      exclude_outside: "int",
      extrapolation_value: "float",
      mode: "string",
      nearest_mode: "string",
    },
    infer: inferResize,
    gradient: resizeGradient,
  },
];
