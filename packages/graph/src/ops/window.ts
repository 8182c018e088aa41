import { GraphError } from "../errors.js";
import { numberAttribute, numbersAttribute } from "../operator.js";
import { formatShape, type Shape } from "../shape.js";
import type { Attributes } from "../tensor.js";

/** How a window slides along one spatial axis. */
export interface WindowAxis {
  /** Elements of the input. */
  readonly size: number;
  /** Positions of the window. */
  readonly out: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Padding before the first element. */
  readonly begin: number;
  /** Padding behind the last element. */
  readonly end: number;
}

/** Where the window's elements lie at position `index`, padding included: positions may be outside the input. */
export function windowPositions(axis: WindowAxis, index: number): number[] {
  const start = index * axis.stride - axis.begin;
  return Array.from({ length: axis.kernel }, (_, k) => start + k * axis.dilation);
}

export interface WindowOptions {
  /** Lets padding be as wide as the window, or wider: convolutions take it, pooling does not. Default `false`. */
  readonly deepPads?: boolean;
}

/**
 * The windows of a pooling operator or a convolution along the spatial axes of `shape` [N, C, ...spatial], from its attributes
 * `kernel_shape`, `strides`, `dilations`, `pads`, `auto_pad` and `ceil_mode`.
 * @throws GraphError SHAPE_MISMATCH, ATTRIBUTE_INVALID
 */
export function windowAxes(shape: Shape, attributes: Attributes, options: WindowOptions = {}): WindowAxis[] {
  const spatial = shape.slice(2);
  if (spatial.length === 0 || shape.includes(0)) {
    throw new GraphError("SHAPE_MISMATCH", `takes [N, C, ...spatial] without empty axes, got ${formatShape(shape)}`, {
      value: shape,
    });
  }
  const kernel = perAxis(attributes, "kernel_shape", spatial.length);
  const strides = perAxis(attributes, "strides", spatial.length, 1);
  const dilations = perAxis(attributes, "dilations", spatial.length, 1);
  return spatial.map((size, i) => {
    const window = { size, kernel: kernel[i]!, stride: strides[i]!, dilation: dilations[i]! };
    const axis = slide(window, paddingOf(window, attributes, i, spatial.length), attributes);
    // ONNX Runtime compares with the kernel, not with what it spans when dilated, and only where pads are given.
    const isDeep = attributes.pads !== undefined && Math.max(axis.begin, axis.end) >= window.kernel;
    if (isDeep && !options.deepPads) {
      throw new GraphError("ATTRIBUTE_INVALID", `pads ${axis.begin} and ${axis.end} are not smaller than the kernel`, {
        value: [axis.begin, axis.end],
        fix: "Pad by less than the kernel's size.",
      });
    }
    if (axis.out >= 1) return axis;
    throw new GraphError("SHAPE_MISMATCH", `a window of ${extentOf(window)} does not fit into ${size} elements`, {
      value: size,
      fix: "Use a smaller kernel or dilation, or more padding.",
    });
  });
}

type Window = Pick<WindowAxis, "size" | "kernel" | "stride" | "dilation">;

/** Distance from a window's first to behind its last element. */
function extentOf({ kernel, dilation }: Window): number {
  return (kernel - 1) * dilation + 1;
}

function perAxis(attributes: Attributes, name: string, rank: number, fallback?: number): readonly number[] {
  const given = numbersAttribute(attributes, name);
  const values = given ?? (fallback === undefined ? [] : new Array<number>(rank).fill(fallback));
  if (values.length === rank && values.every((value) => Number.isInteger(value) && value >= 1)) return values;
  throw new GraphError("ATTRIBUTE_INVALID", `${name} must be ${rank} positive integers`, { value: given });
}

function paddingOf(window: Window, attributes: Attributes, i: number, rank: number): readonly [number, number] {
  const mode = attributes.auto_pad ?? "NOTSET";
  switch (mode) {
    case "NOTSET":
      return explicitPadding(attributes, i, rank);
    case "VALID":
      return [0, 0];
    case "SAME_UPPER":
    case "SAME_LOWER": {
      const out = Math.ceil(window.size / window.stride);
      const total = Math.max(0, (out - 1) * window.stride + extentOf(window) - window.size);
      const less = Math.floor(total / 2);
      return mode === "SAME_UPPER" ? [less, total - less] : [total - less, less];
    }
    default:
      throw new GraphError("ATTRIBUTE_INVALID", `auto_pad ${mode} is not known`, {
        value: mode,
        fix: "Use NOTSET, VALID, SAME_UPPER or SAME_LOWER.",
      });
  }
}

function explicitPadding(attributes: Attributes, i: number, rank: number): readonly [number, number] {
  const pads = numbersAttribute(attributes, "pads") ?? new Array<number>(2 * rank).fill(0);
  const pair = [pads[i]!, pads[i + rank]!] as const;
  const fits = pair.every((pad) => Number.isInteger(pad) && pad >= 0);
  if (pads.length === 2 * rank && fits) return pair;
  throw new GraphError("ATTRIBUTE_INVALID", `pads ${formatShape(pads)} do not suit ${rank} axes`, {
    value: pads,
    fix: "Give begins and then ends, one for each spatial axis, none negative.",
  });
}

function slide(window: Window, [begin, end]: readonly [number, number], attributes: Attributes): WindowAxis {
  const steps = (window.size + begin + end - extentOf(window)) / window.stride;
  const ceil = numberAttribute(attributes, "ceil_mode", 0) === 1;
  const out = (ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
  // A window that would start behind the input and its left padding is left out, as in PyTorch.
  const isBehind = ceil && (out - 1) * window.stride >= window.size + begin;
  return { ...window, begin, end, out: isBehind ? out - 1 : out };
}

/**
 * Attributes of a pooling operator without a `ceil_mode` that changes nothing. Where a last window would start in the
 * padding, kernels leave it out, but ONNX's shape inference counts it, so that ONNX Runtime may refuse the graph.
 */
export function withoutIdleCeil(shape: Shape, attributes: Attributes): Attributes {
  const { ceil_mode: _, ...floor } = attributes;
  const [ceiled, floored] = [windowAxes(shape, attributes), windowAxes(shape, floor)];
  return ceiled.every(({ out }, i) => out === floored[i]!.out) ? floor : attributes;
}
