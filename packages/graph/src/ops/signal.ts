import type { DType } from "../dtype.js";
import { GraphError } from "../errors.js";
import { constantInts, type InferContext, numberAttribute, type Operator, required } from "../operator.js";
import { formatShape, normalizeAxis } from "../shape.js";
import type { Tensor, TensorType } from "../tensor.js";

const FORWARD_ONLY = "audio features are computed forward only";

function constantInt(context: InferContext, index: number): number | undefined {
  return constantInts(context, index)?.[0];
}

/** [batch, length, 1] for real signals, [batch, length, 2] for complex ones. */
function isComplex(signal: Tensor): boolean {
  const last = signal.shape.at(-1);
  if (signal.shape.length >= 2 && (last === 1 || last === 2)) return last === 2;
  throw new GraphError("SHAPE_MISMATCH", `the last axis of a signal must be 1 or 2, got ${formatShape(signal.shape)}`, {
    value: signal.shape,
    fix: "Add an axis of size 1 to real signals.",
  });
}

/** Number of frequencies: one side of the spectrum of a real signal says all. */
function binsOf(context: InferContext, signal: Tensor, length: number, fallback: 0 | 1): number {
  const oneSided = numberAttribute(context.attributes, "onesided", fallback) === 1;
  if (oneSided && isComplex(signal)) {
    throw new GraphError("ATTRIBUTE_INVALID", "a complex signal has no one-sided spectrum", { value: "onesided" });
  }
  return oneSided ? Math.floor(length / 2) + 1 : length;
}

function inferDft(context: InferContext): readonly TensorType[] {
  const x = required(context, 0);
  isComplex(x);
  const axis = normalizeAxis(numberAttribute(context.attributes, "axis", 1), x.shape.length - 1);
  const length = constantInt(context, 1) ?? x.shape[axis]!;
  const bins = binsOf(context, x, length, 0);
  return [{ dtype: x.dtype, shape: x.shape.map((dim, i) => (i === axis ? bins : i === x.shape.length - 1 ? 2 : dim)) }];
}

function inferStft(context: InferContext): readonly TensorType[] {
  const signal = required(context, 0);
  isComplex(signal);
  const step = constantInt(context, 1)!;
  const window = context.inputs[2];
  const length = constantInt(context, 3) ?? window?.shape[0];
  if (signal.shape.length !== 3) throw new GraphError("SHAPE_MISMATCH", "takes [batch, length, 1 or 2]");
  if (length === undefined) throw new GraphError("INPUT_COUNT", "needs a window or a frame length");
  if (window && (window.shape.length !== 1 || window.shape[0] !== length)) {
    throw new GraphError("SHAPE_MISMATCH", `the window must be [${length}], not ${formatShape(window.shape)}`);
  }
  const frames = Math.floor((signal.shape[1]! - length) / step) + 1;
  if (!(step >= 1 && frames >= 1)) {
    throw new GraphError("SHAPE_MISMATCH", `no frame of ${length} fits into ${signal.shape[1]} samples`, {
      value: length,
    });
  }
  return [{ dtype: signal.dtype, shape: [signal.shape[0]!, frames, binsOf(context, signal, length, 1), 2] }];
}

function outputType(context: InferContext): DType {
  return (context.attributes.output_datatype as DType | undefined) ?? "float32";
}

function inferMelWeights(context: InferContext): readonly TensorType[] {
  const [bins, length] = [constantInt(context, 0)!, constantInt(context, 1)!];
  if (!(bins >= 1 && length >= 1)) throw new GraphError("OPTION_INVALID", "bins and DFT length must be positive");
  return [{ dtype: outputType(context), shape: [Math.floor(length / 2) + 1, bins] }];
}

function window(name: string): Operator {
  return {
    name,
    inputs: [1, 1],
    attributes: { output_datatype: "dtype", periodic: "int" },
    infer: (context) => [{ dtype: outputType(context), shape: [constantInt(context, 0)!] }],
    gradient: "it is a constant",
  };
}

/** What audio front ends are made of. */
export const signals: readonly Operator[] = [
  {
    name: "DFT",
    inputs: [1, 2],
    attributes: { axis: "int", inverse: "int", onesided: "int" },
    infer: inferDft,
    gradient: FORWARD_ONLY,
  },
  { name: "STFT", inputs: [2, 4], attributes: { onesided: "int" }, infer: inferStft, gradient: FORWARD_ONLY },
  {
    name: "MelWeightMatrix",
    inputs: [5, 5],
    attributes: { output_datatype: "dtype" },
    infer: inferMelWeights,
    gradient: "it is a constant",
  },
  window("HannWindow"),
  window("HammingWindow"),
  window("BlackmanWindow"),
];
