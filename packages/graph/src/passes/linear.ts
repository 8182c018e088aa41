import { floatAttribute, numberAttribute, numbersAttribute } from "../operator.js";
import { type Shape, sizeOf } from "../shape.js";
import type { Node, Tensor } from "../tensor.js";

/** A node that is linear in its first input, channel by channel, with a constant weight and bias. */
export interface Linear {
  readonly weight: Float64Array;
  /** One number per output channel; zeros where there is no bias. */
  readonly bias: Float64Array;
  /** Factors of weight and bias. */
  readonly alpha: number;
  readonly beta: number;
  /** The channel that an element of the weight adds to. */
  outputOf(element: number): number;
  /** The channel that an element of the weight reads; missing where sums do not run over the input's channels. */
  readonly inputOf: ((element: number) => number) | undefined;
  /** Whether every element of the output reads all of its channel's weights: nothing is padded or left out. */
  readonly isWhole: boolean;
}

/** A constant's numbers. */
export function constantNumbers({ source }: Tensor): Float64Array | undefined {
  return source.kind === "constant" ? Float64Array.from(source.data as Float32Array) : undefined;
}

/** Reads a node of one of the operators that can take a normalization in. */
export function linearOf(node: Node): Linear | undefined {
  const [, weight, bias] = node.inputs;
  const form = weight && FORMS[node.op]?.(node, weight.shape);
  const [weights, biases] = [weight && constantNumbers(weight), bias && constantNumbers(bias)];
  if (!form || !weights || (bias && !biases)) return undefined;
  const { channels, ...rest } = form;
  // Gemm broadcasts its bias: one number for all channels, or one for each; others differ from row to row.
  if (bias && biases!.length !== 1 && !(biases!.length === channels && bias.shape.at(-1) === channels))
    return undefined;
  const ofChannel = (channel: number) => biases?.[biases.length === 1 ? 0 : channel] ?? 0;
  return { ...rest, weight: weights, bias: Float64Array.from({ length: channels }, (_, c) => ofChannel(c)) };
}

interface Form extends Omit<Linear, "weight" | "bias"> {
  /** Channels of the output. */
  readonly channels: number;
}

/** The first two axes of a convolution's weight, [rows, columns in a group, ...kernel]. */
function grouped({ attributes }: Node, shape: Shape) {
  const group = numberAttribute(attributes, "group", 1);
  const [rows, columns] = shape as [number, number];
  const kernel = sizeOf(shape.slice(2));
  const rowOf = (element: number) => Math.floor(element / (columns * kernel));
  const groupOf = (element: number) => Math.floor(rowOf(element) / (rows / group));
  const columnOf = (element: number) => groupOf(element) * columns + (Math.floor(element / kernel) % columns);
  return { rows, columns: columns * group, rowOf, columnOf };
}

function conv(node: Node, shape: Shape): Form {
  const { rows, rowOf, columnOf } = grouped(node, shape);
  const { auto_pad: mode = "NOTSET" } = node.attributes;
  const isUnpadded = (numbersAttribute(node.attributes, "pads") ?? []).every((pad) => pad === 0);
  const isWhole = mode === "VALID" || (mode === "NOTSET" && isUnpadded);
  return { channels: rows, outputOf: rowOf, inputOf: columnOf, alpha: 1, beta: 1, isWhole };
}

function convTranspose(node: Node, shape: Shape): Form {
  const { columns, rowOf, columnOf } = grouped(node, shape);
  return { channels: columns, outputOf: columnOf, inputOf: rowOf, alpha: 1, beta: 1, isWhole: false };
}

function gemm({ attributes }: Node, shape: Shape): Form {
  const [rows, columns] = shape as [number, number];
  const rowOf = (element: number) => Math.floor(element / columns);
  const columnOf = (element: number) => element % columns;
  const [acrossRows, isTransposed] = ["transA", "transB"].map((name) => numberAttribute(attributes, name, 0) === 1);
  return {
    channels: isTransposed ? rows : columns,
    outputOf: isTransposed ? rowOf : columnOf,
    inputOf: acrossRows ? undefined : isTransposed ? columnOf : rowOf,
    alpha: floatAttribute(attributes, "alpha", 1),
    beta: floatAttribute(attributes, "beta", 1),
    isWhole: true,
  };
}

const FORMS: Readonly<Record<string, (node: Node, shape: Shape) => Form>> = {
  Conv: conv,
  ConvTranspose: convTranspose,
  Gemm: gemm,
};
