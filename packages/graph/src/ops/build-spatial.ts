import { GraphError } from "../errors.js";
import type { Attributes, Tensor } from "../tensor.js";
import { emitOne } from "./build.js";
import { type PerAxis, perAxis, spatialRank } from "./per-axis.js";
import { withoutIdleCeil } from "./window.js";

export type { PerAxis };

/** How a window slides, by PyTorch's names. */
export interface PoolOptions {
  /** Default: the kernel's size, so that windows do not overlap. */
  readonly stride?: PerAxis;
  /** On both sides of each axis. Default 0. */
  readonly padding?: PerAxis;
  /** Lets the last window reach over the end. Default `false`. */
  readonly ceilMode?: boolean;
}

function poolAttributes(x: Tensor, kernelSize: PerAxis, options: PoolOptions): Attributes {
  const rank = spatialRank(x);
  const padding = perAxis(options.padding ?? 0, rank, "padding");
  return {
    kernel_shape: perAxis(kernelSize, rank, "kernelSize"),
    strides: perAxis(options.stride ?? kernelSize, rank, "stride"),
    pads: [...padding, ...padding],
    ...(options.ceilMode ? { ceil_mode: 1 } : {}),
  };
}

/** Options of {@link maxPool2d}. */
export interface MaxPoolOptions extends PoolOptions {
  /** Distance between the elements of a window. Default 1. */
  readonly dilation?: PerAxis;
}

/**
 * PyTorch's `max_pool2d`, for any number of spatial axes: x [N, C, ...spatial].
 * @throws GraphError OPTION_INVALID, ATTRIBUTE_INVALID, SHAPE_MISMATCH
 */
export function maxPool2d(x: Tensor, kernelSize: PerAxis, options: MaxPoolOptions = {}): Tensor {
  const dilation = options.dilation ?? 1;
  const dilations = dilation === 1 ? {} : { dilations: perAxis(dilation, spatialRank(x), "dilation") };
  const attributes = { ...poolAttributes(x, kernelSize, options), ...dilations };
  return emitOne("MaxPool", [x], withoutIdleCeil(x.shape, attributes));
}

/** Options of {@link avgPool2d}. */
export interface AvgPoolOptions extends PoolOptions {
  /** Whether padding counts as zeros in the average. Default `true`, as in PyTorch. */
  readonly countIncludePad?: boolean;
}

/**
 * PyTorch's `avg_pool2d`, for any number of spatial axes: x [N, C, ...spatial].
 * @throws GraphError OPTION_INVALID, ATTRIBUTE_INVALID, SHAPE_MISMATCH
 */
export function avgPool2d(x: Tensor, kernelSize: PerAxis, options: AvgPoolOptions = {}): Tensor {
  const count_include_pad = (options.countIncludePad ?? true) ? 1 : 0;
  const attributes = { ...poolAttributes(x, kernelSize, options), count_include_pad };
  return emitOne("AveragePool", [x], withoutIdleCeil(x.shape, attributes));
}

/** The mean over all spatial axes, which stay with size 1: [N, C, ...spatial] becomes [N, C, 1, …]. */
export const globalAveragePool = (x: Tensor): Tensor => emitOne("GlobalAveragePool", [x]);

/** The maximum over all spatial axes, which stay with size 1: [N, C, ...spatial] becomes [N, C, 1, …]. */
export const globalMaxPool = (x: Tensor): Tensor => emitOne("GlobalMaxPool", [x]);

/** Options of {@link pad}. */
export interface PadOptions {
  /** What is put there: `value`, the mirrored inside without the border, or the border. Default "constant". */
  readonly mode?: "constant" | "reflect" | "edge";
  /** Default 0. */
  readonly value?: number;
}

/**
 * PyTorch's `pad`: pairs of begin and end from the *last* axis backwards. Negative numbers crop.
 * @throws GraphError OPTION_INVALID, SHAPE_MISMATCH
 */
export function pad(x: Tensor, pads: readonly number[], options: PadOptions = {}): Tensor {
  const rank = x.shape.length;
  if (pads.length % 2 !== 0 || pads.length > 2 * rank || !pads.every(Number.isInteger)) {
    throw new GraphError("OPTION_INVALID", `pads must be up to ${rank} pairs of integers`, { value: pads });
  }
  const side = (offset: 0 | 1) => x.shape.map((_, axis) => pads[2 * (rank - 1 - axis) + offset] ?? 0);
  const value = options.value ? x.graph.scalar(options.value, x.dtype) : undefined;
  return emitOne("Pad", [x, x.graph.ints([...side(0), ...side(1)]), value], { mode: options.mode ?? "constant" });
}

/** How {@link interpolate} makes new elements, by PyTorch's names; "linear" and "bilinear" are the same here. */
export type InterpolationMode = "nearest" | "nearest-exact" | "linear" | "bilinear" | "bicubic";

const INTERPOLATIONS: Readonly<Record<InterpolationMode, Attributes>> = {
  nearest: { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" },
  "nearest-exact": {
    mode: "nearest",
    coordinate_transformation_mode: "half_pixel",
    nearest_mode: "round_prefer_ceil",
  },
  linear: { mode: "linear", coordinate_transformation_mode: "half_pixel" },
  bilinear: { mode: "linear", coordinate_transformation_mode: "half_pixel" },
  bicubic: { mode: "cubic", coordinate_transformation_mode: "half_pixel", cubic_coeff_a: -0.75 },
};

/** Options of {@link interpolate}: either `size` or `scaleFactor`. */
export interface InterpolateOptions {
  /** Elements of each spatial axis of the result. */
  readonly size?: PerAxis;
  /** How many times as long each spatial axis becomes, rounded down. */
  readonly scaleFactor?: PerAxis;
  /** Default "nearest". */
  readonly mode?: InterpolationMode;
  /** Whether the outermost elements keep their places; for "linear", "bilinear" and "bicubic". Default `false`. */
  readonly alignCorners?: boolean;
}

/**
 * PyTorch's `interpolate`: x [N, C, ...spatial], of float32. "bicubic" takes two spatial axes.
 * @throws GraphError OPTION_INVALID, SHAPE_MISMATCH
 */
export function interpolate(x: Tensor, options: InterpolateOptions): Tensor {
  const { size, scaleFactor, mode = "nearest", alignCorners = false } = options;
  const rank = spatialRank(x);
  if ((size === undefined) === (scaleFactor === undefined)) {
    throw new GraphError("OPTION_INVALID", "interpolate takes either size or scaleFactor", { value: options });
  }
  if (alignCorners && mode.startsWith("nearest")) {
    throw new GraphError("OPTION_INVALID", `alignCorners has no meaning for ${mode}`, { value: mode });
  }
  const attributes = {
    ...INTERPOLATIONS[mode],
    ...(alignCorners ? { coordinate_transformation_mode: "align_corners" } : {}),
  };
  if (size !== undefined) {
    const sizes = x.graph.ints([...x.shape.slice(0, 2), ...perAxis(size, rank, "size")]);
    return emitOne("Resize", [x, undefined, undefined, sizes], attributes);
  }
  const scales = [1, 1, ...perAxis(scaleFactor!, rank, "scaleFactor")];
  return emitOne("Resize", [x, undefined, x.graph.constant("float32", [rank + 2], scales)], attributes);
}

/**
 * PyTorch's `pixel_shuffle`: [N, C · r², H, W] becomes [N, C, H · r, W · r].
 * @throws GraphError ATTRIBUTE_INVALID, SHAPE_MISMATCH
 */
export function pixelShuffle(x: Tensor, upscaleFactor: number): Tensor {
  return emitOne("DepthToSpace", [x], { blocksize: upscaleFactor, mode: "CRD" });
}
