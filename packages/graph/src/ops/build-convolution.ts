import { GraphError } from "../errors.js";
import type { Attributes, Tensor } from "../tensor.js";
import { emitOne } from "./build.js";
import { type PerAxis, perAxis, spatialRank } from "./per-axis.js";

/** What convolutions have in common, by PyTorch's names. */
interface BaseConvOptions {
  /** Steps between positions. Default 1. */
  readonly stride?: PerAxis;
  /** Distance between the elements under a filter. Default 1. */
  readonly dilation?: PerAxis;
  /** Groups of channels that do not mix; as many as channels make a depthwise convolution. Default 1. */
  readonly groups?: number;
}

export interface ConvOptions extends BaseConvOptions {
  /** Zeros on both sides of each axis, "valid" for none, or "same" for as many as keep the size. Default 0. */
  readonly padding?: PerAxis | "valid" | "same";
}

export interface ConvTransposeOptions extends BaseConvOptions {
  /** What is cropped on both sides of each axis. Default 0. */
  readonly padding?: PerAxis;
  /** Rows added at the end of each axis, fewer than the stride. Default 0. */
  readonly outputPadding?: PerAxis;
}

function baseAttributes(options: BaseConvOptions, rank: number): Attributes {
  const { stride = 1, dilation = 1, groups = 1 } = options;
  return {
    ...(stride === 1 ? {} : { strides: perAxis(stride, rank, "stride") }),
    ...(dilation === 1 ? {} : { dilations: perAxis(dilation, rank, "dilation") }),
    ...(groups === 1 ? {} : { group: groups }),
  };
}

function bothSides(padding: PerAxis, rank: number): Attributes {
  if (padding === 0) return {};
  const pads = perAxis(padding, rank, "padding");
  return { pads: [...pads, ...pads] };
}

/** Explicit, because ONNX Runtime's own SAME padding takes no dilations. An odd zero goes to the end, as in PyTorch. */
function samePads(weight: Tensor, options: ConvOptions, rank: number): Attributes {
  const strides = perAxis(options.stride ?? 1, rank, "stride");
  if (strides.some((stride) => stride !== 1)) {
    throw new GraphError("OPTION_INVALID", 'padding "same" needs stride 1', {
      value: options.stride,
      fix: "Give the padding in numbers.",
    });
  }
  const dilations = perAxis(options.dilation ?? 1, rank, "dilation");
  const totals = dilations.map((dilation, i) => dilation * (weight.shape[i + 2]! - 1));
  const begins = totals.map((total) => Math.floor(total / 2));
  return { pads: [...begins, ...totals.map((total, i) => total - begins[i]!)] };
}

/**
 * PyTorch's `Conv1d/2d/3d`: slides filters over the spatial axes of x.
 * @param x [N, C, ...spatial], float32 to be run by ONNX Runtime on CPUs
 * @param weight [out, C / groups, ...kernel]
 * @param bias [out]
 * @throws GraphError OPTION_INVALID, ATTRIBUTE_INVALID, SHAPE_MISMATCH, DTYPE_MISMATCH
 */
export function conv(x: Tensor, weight: Tensor, bias?: Tensor, options: ConvOptions = {}): Tensor {
  const rank = spatialRank(x);
  const { padding = 0 } = options;
  const pads =
    padding === "same" ? samePads(weight, options, rank) : bothSides(padding === "valid" ? 0 : padding, rank);
  return emitOne("Conv", bias ? [x, weight, bias] : [x, weight], { ...baseAttributes(options, rank), ...pads });
}

/**
 * PyTorch's `ConvTranspose1d/2d/3d`, which goes the way of a convolution's gradient: each element of x spreads filters
 * over the output. An axis of n elements becomes (n - 1) · stride - 2 · padding + dilation · (kernel - 1) + outputPadding + 1.
 * @param x [N, C, ...spatial], float32 to be run by ONNX Runtime on CPUs
 * @param weight [C, out / groups, ...kernel]
 * @param bias [out]
 * @throws GraphError OPTION_INVALID, ATTRIBUTE_INVALID, SHAPE_MISMATCH, DTYPE_MISMATCH
 */
export function convTranspose(x: Tensor, weight: Tensor, bias?: Tensor, options: ConvTransposeOptions = {}): Tensor {
  const rank = spatialRank(x);
  const { padding = 0, outputPadding = 0 } = options;
  return emitOne("ConvTranspose", bias ? [x, weight, bias] : [x, weight], {
    ...baseAttributes(options, rank),
    ...bothSides(padding, rank),
    ...(outputPadding === 0 ? {} : { output_padding: perAxis(outputPadding, rank, "outputPadding") }),
  });
}
