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
import { formatShape, sizeOf } from "../shape.js";
import type { Tensor, TensorType } from "../tensor.js";
import * as f from "./build.js";
import { applyAll, sparseMatrix, transposed } from "./separable.js";

/** How an axis is lengthened (or, by negative numbers, cropped). */
interface AxisPadding {
  readonly size: number;
  readonly begin: number;
  readonly end: number;
}

function paddingsOf(context: InferContext): AxisPadding[] {
  const { shape } = required(context, 0);
  const pads = constantInts(context, 1);
  const rank = shape.length;
  if (pads?.length !== 2 * rank) {
    throw new GraphError("SHAPE_MISMATCH", `pads must be ${2 * rank} numbers, got ${pads?.length ?? "none"}`, {
      value: pads,
      fix: "Give the begins of all axes and then the ends.",
    });
  }
  return shape.map((size, i) => ({ size, begin: pads[i]!, end: pads[i + rank]! }));
}

function modeOf(context: InferContext): string {
  const mode = context.attributes.mode ?? "constant";
  if (mode === "constant" || mode === "reflect" || mode === "edge") return mode;
  throw new GraphError("ATTRIBUTE_INVALID", `mode ${mode} is not known`, {
    value: mode,
    fix: "Use constant, reflect or edge.",
  });
}

function inferPad(context: InferContext): readonly TensorType[] {
  const { dtype, shape } = required(context, 0);
  const [mode, paddings] = [modeOf(context), paddingsOf(context)];
  const value = context.inputs[2];
  if (value && (value.dtype !== dtype || sizeOf(value.shape) !== 1)) {
    throw new GraphError("DTYPE_MISMATCH", `the constant value must be one ${dtype}`, { value: value.name });
  }
  const padded = paddings.map(({ size, begin, end }) => size + begin + end);
  const limit = (size: number) => (mode === "reflect" ? size - 1 : mode === "edge" && size === 0 ? 0 : Infinity);
  const tooFar = paddings.some(({ size, begin, end }) => Math.max(begin, end) > Math.max(0, limit(size)));
  if (tooFar || padded.some((dim) => dim < 0)) {
    throw new GraphError(
      "SHAPE_MISMATCH",
      `${mode} padding cannot make ${formatShape(padded)} of ${formatShape(shape)}`,
      {
        value: padded,
        fix: mode === "reflect" ? "Pad each axis by less than its size." : "Crop less than there is.",
      },
    );
  }
  return [{ dtype, shape: padded }];
}

function padGradient(context: GradientContext): GradientResult[] {
  const g = gradientOf(context);
  const paddings = paddingsOf(context.node);
  const mode = modeOf(context.node);
  if (mode !== "constant") return [foldBack(g, paddings, mode), undefined, "zero"];
  // Padding the other way around crops what was added and puts zeros where something was cropped.
  const pads = [...paddings.map(({ begin }) => 0 - begin), ...paddings.map(({ end }) => 0 - end)];
  const inner = f.emitOne("Pad", [g, g.graph.ints(pads)], { mode: "constant" });
  const value = context.node.inputs[2];
  const rest = () => f.reshape(f.sub(f.reduceSum(g), f.reduceSum(inner)), value!.shape);
  return [context.wants[0] ? inner : undefined, undefined, context.wants[2] ? rest() : undefined];
}

/** Adds the gradients of repeated elements to that of the element they repeat, axis by axis. */
function foldBack(g: Tensor, paddings: readonly AxisPadding[], mode: string): Tensor {
  const matrices = paddings.map(({ size, begin, end }) => {
    const sources = Array.from({ length: size + begin + end }, (_, i) => sourceOf(i - begin, size, mode));
    return transposed(
      sparseMatrix(
        sources.map((source) => [[source, 1] as const]),
        size,
      ),
    );
  });
  return applyAll(g, 0, matrices);
}

/** The element that stands at a position, which may be outside of the axis. */
function sourceOf(position: number, size: number, mode: string): number {
  if (mode === "edge") return Math.min(Math.max(position, 0), size - 1);
  return size - 1 - Math.abs(size - 1 - Math.abs(position));
}

export const paddings: readonly Operator[] = [
  { name: "Pad", inputs: [2, 3], attributes: { mode: "string" }, infer: inferPad, gradient: padGradient },
];
