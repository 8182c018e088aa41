import { isFloat } from "../dtype.js";
import { GraphError } from "../errors.js";
import {
  type GradientContext,
  gradientOf,
  type InferContext,
  numberAttribute,
  numbersAttribute,
  type Operator,
  required,
} from "../operator.js";
import { formatShape, sameShape } from "../shape.js";
import type { Attributes, Tensor, TensorType } from "../tensor.js";
import { biasGradient, type Convolution, correlate, filterGradient, spread } from "./convolution-lowering.js";
import { depthwiseConv, transposedToOne } from "./webgpu.js";
import { type WindowAxis, windowAxes } from "./window.js";

export const CONV_ATTRIBUTES = {
  auto_pad: "string",
  dilations: "ints",
  group: "int",
  kernel_shape: "ints",
  pads: "ints",
  strides: "ints",
} as const;

interface Operands {
  readonly x: Tensor;
  readonly weight: Tensor;
  readonly group: number;
  /** Attributes with the kernel's shape, which the weight gives where no attribute does. */
  readonly attributes: Attributes;
}

function operandsOf(context: InferContext): Operands {
  const [x, weight] = [required(context, 0), required(context, 1)];
  const group = numberAttribute(context.attributes, "group", 1);
  if (!Number.isInteger(group) || group < 1) {
    throw new GraphError("ATTRIBUTE_INVALID", `group must be a positive integer, got ${group}`, { value: group });
  }
  if (!isFloat(x.dtype) || [weight, context.inputs[2]].some((tensor) => tensor && tensor.dtype !== x.dtype)) {
    throw new GraphError("DTYPE_MISMATCH", "takes floating-point inputs of one type", { fix: "Cast them." });
  }
  const isEmpty = x.shape.includes(0) || weight.shape.includes(0);
  if (x.shape.length < 3 || weight.shape.length !== x.shape.length || isEmpty) {
    throw new GraphError(
      "SHAPE_MISMATCH",
      `weight ${formatShape(weight.shape)} does not suit ${formatShape(x.shape)}`,
      {
        value: [x.shape, weight.shape],
        fix: "Give [N, C, ...spatial] and a weight of as many dimensions, none of them 0.",
      },
    );
  }
  const kernel = weight.shape.slice(2);
  const given = numbersAttribute(context.attributes, "kernel_shape") ?? kernel;
  if (!sameShape(given, kernel)) {
    throw new GraphError("ATTRIBUTE_INVALID", `kernel_shape ${formatShape(given)} is not the weight's`, {
      value: given,
    });
  }
  return { x, weight, group, attributes: { ...context.attributes, kernel_shape: kernel } };
}

function checkChannels({ x, weight, group }: Operands, expected: number): void {
  if (x.shape[1] === expected && weight.shape[0]! % group === 0) return;
  const what = `weight ${formatShape(weight.shape)} in ${group} group(s) does not suit ${x.shape[1]} channels`;
  throw new GraphError("SHAPE_MISMATCH", what, { value: [x.shape, weight.shape, group] });
}

function checkBias(bias: Tensor | undefined, channels: number): void {
  if (!bias || sameShape(bias.shape, [channels])) return;
  throw new GraphError("SHAPE_MISMATCH", `the bias must be ${formatShape([channels])}`, { value: bias.shape });
}

function convolutionOf({ x, group, attributes }: Operands): Convolution {
  const axes = windowAxes(x.shape, attributes, { deepPads: true });
  if (String(attributes.auto_pad).startsWith("SAME") && axes.some(({ dilation }) => dilation !== 1)) {
    throw new GraphError("ATTRIBUTE_INVALID", "ONNX Runtime has no SAME padding with dilations", {
      value: attributes.auto_pad,
      fix: "Give the padding by pads.",
    });
  }
  return { axes, group };
}

export function inferConv(context: InferContext): readonly TensorType[] {
  const operands = operandsOf(context);
  const { x, weight, group } = operands;
  checkChannels(operands, weight.shape[1]! * group);
  checkBias(context.inputs[2], weight.shape[0]!);
  const positions = convolutionOf(operands).axes.map((axis) => axis.out);
  return [{ dtype: x.dtype, shape: [x.shape[0]!, weight.shape[0]!, ...positions] }];
}

function convGradient(context: GradientContext): (Tensor | undefined)[] {
  const { wants } = context;
  const g = gradientOf(context);
  const operands = operandsOf(context.node);
  const { x, weight } = operands;
  const convolution = convolutionOf(operands);
  return [
    wants[0] ? spread(g, weight, convolution) : undefined,
    wants[1] ? filterGradient(x, g, weight.shape, convolution) : undefined,
    wants[2] ? biasGradient(g) : undefined,
  ];
}

/** One axis of a ConvTranspose before its padding is settled. */
interface Spreading extends Pick<WindowAxis, "out" | "kernel" | "stride" | "dilation" | "begin" | "end"> {
  readonly mode: string;
  readonly outputPadding: number;
  /** What `output_shape` asks for. */
  readonly outputSize: number | undefined;
}

/** As ONNX Runtime does it, which is the specification's way but for SAME: that never makes an output larger. */
function settlePads(axis: Spreading): WindowAxis {
  const { out, kernel, stride, dilation, mode } = axis;
  const reach = (kernel - 1) * dilation + 1;
  const full = (out - 1) * stride + reach + axis.outputPadding;
  const same = mode.startsWith("SAME") ? Math.min(full, out * stride) : undefined;
  const wanted = axis.outputSize ?? same;
  const total = Math.max(0, full - (wanted ?? full));
  const less = Math.floor(total / 2);
  let [begin, end] = mode === "SAME_UPPER" ? [less, total - less] : [total - less, less];
  if (wanted === undefined && mode === "NOTSET") [begin, end] = [axis.begin, axis.end];
  const size = wanted ?? full - begin - end;
  if (size < 1)
    throw new GraphError("SHAPE_MISMATCH", `pads leave ${size} elements of ${full}`, { value: [begin, end] });
  if (Math.floor((size + begin + end - reach) / stride) + 1 !== out) {
    throw new GraphError("SHAPE_MISMATCH", `an output of ${size} elements is too large for a stride of ${stride}`, {
      value: size,
      fix: "Use an output_padding below the stride, or a smaller output_shape.",
    });
  }
  return { size, out, kernel, stride, dilation, begin, end };
}

function transposedAxes({ x, attributes }: Operands): WindowAxis[] {
  const rank = x.shape.length - 2;
  const list = (name: string, length: number, least: number) =>
    integers(attributes, name, length, least) ?? new Array<number>(length).fill(least);
  const [strides, dilations] = [list("strides", rank, 1), list("dilations", rank, 1)];
  const [pads, outputPadding] = [list("pads", 2 * rank, 0), list("output_padding", rank, 0)];
  const outputShape = integers(attributes, "output_shape", rank, 1);
  const mode = autoPadOf(attributes);
  return list("kernel_shape", rank, 1).map((kernel, i) =>
    settlePads({
      out: x.shape[i + 2]!,
      kernel,
      stride: strides[i]!,
      dilation: dilations[i]!,
      begin: pads[i]!,
      end: pads[i + rank]!,
      mode,
      outputPadding: outputPadding[i]!,
      outputSize: outputShape?.[i],
    }),
  );
}

function autoPadOf({ auto_pad: mode = "NOTSET" }: Attributes): string {
  if (["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"].includes(mode as string)) return mode as string;
  throw new GraphError("ATTRIBUTE_INVALID", `auto_pad ${mode} is not known`, {
    value: mode,
    fix: "Use NOTSET, VALID, SAME_UPPER or SAME_LOWER.",
  });
}

function integers(attributes: Attributes, name: string, length: number, least: number): readonly number[] | undefined {
  const values = numbersAttribute(attributes, name);
  if (!values) return undefined;
  if (values.length === length && values.every((value) => Number.isInteger(value) && value >= least)) return values;
  throw new GraphError("ATTRIBUTE_INVALID", `${name} must be ${length} integers of at least ${least}`, {
    value: values,
  });
}

function inferConvTranspose(context: InferContext): readonly TensorType[] {
  const operands = operandsOf(context);
  const { x, weight, group } = operands;
  checkChannels(operands, weight.shape[0]!);
  const channels = weight.shape[1]! * group;
  checkBias(context.inputs[2], channels);
  return [{ dtype: x.dtype, shape: [x.shape[0]!, channels, ...transposedAxes(operands).map((axis) => axis.size)] }];
}

/** The output is the image here, and the input the map. */
function convTransposeGradient(context: GradientContext): (Tensor | undefined)[] {
  const { wants } = context;
  const g = gradientOf(context);
  const operands = operandsOf(context.node);
  const { x, weight, group } = operands;
  const convolution = { axes: transposedAxes(operands), group };
  return [
    wants[0] ? correlate(g, weight, convolution) : undefined,
    wants[1] ? filterGradient(g, x, weight.shape, convolution) : undefined,
    wants[2] ? biasGradient(g) : undefined,
  ];
}

export const convolutions: readonly Operator[] = [
  {
    name: "Conv",
    inputs: [2, 3],
    attributes: CONV_ATTRIBUTES,
    lowerings: { webgpu: depthwiseConv },
    infer: inferConv,
    gradient: convGradient,
  },
  {
    name: "ConvTranspose",
    inputs: [2, 3],
    attributes: { ...CONV_ATTRIBUTES, output_padding: "ints", output_shape: "ints" },
    lowerings: { webgpu: transposedToOne },
    infer: inferConvTranspose,
    gradient: convTransposeGradient,
  },
];
