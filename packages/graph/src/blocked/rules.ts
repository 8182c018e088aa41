import { constantInts, floatAttribute, numberAttribute } from "../operator.js";
import * as f from "../ops/build.js";
import { inverseRoot } from "../ops/normalized.js";
import { sameShape, sizeOf } from "../shape.js";
import type { Node, Tensor } from "../tensor.js";
import { channelDot, channelMean, channelSum } from "./channels.js";
import { convTranspose } from "./conv-transpose.js";
import { turnedFrom } from "./filters.js";
import type { Layouts } from "./layouts.js";

/** Computes a node in blocks. Returns `false` where that does not pay or is not possible; it is repeated as it is then. */
export type Rule = (node: Node, layouts: Layouts) => boolean;

/** Constant filters, too: ONNX Runtime works out their new order once, when the graph is loaded. */
function conv(node: Node, layouts: Layouts): boolean {
  const [image, filters, bias] = node.inputs as readonly [Tensor, Tensor, Tensor | undefined];
  const [output] = node.outputs as readonly [Tensor];
  const [outputs, inputs] = filters.shape as readonly [number, number];
  const group = numberAttribute(node.attributes, "group", 1);
  const isDepthwise = group === image.shape[1] && inputs === 1 && outputs === group;
  const isSmall = group === 1 && inputs < layouts.block;
  if (!layouts.fits(output)) return false;
  if (!(layouts.fits(image) ? isDepthwise || group === 1 : isSmall)) return false;
  const original = group === 1 && !isSmall ? turnedFrom(filters) : undefined;
  layouts.set(output, {
    pending: {
      image: isSmall ? layouts.plain(image) : layouts.blocked(image),
      filters: layouts.plain(original ?? filters),
      isTurned: original !== undefined,
      shift: bias && layouts.plain(bias),
      attributes: node.attributes,
    },
  });
  return true;
}

/** Scale and shift of each channel become part of what comes before, or a convolution of their own. */
function scaleAndShift(x: Tensor, output: Tensor, layouts: Layouts, scale?: Tensor, shift?: Tensor): void {
  const before = layouts.pending(x);
  if (!before || before.added || before.activation) {
    layouts.set(output, { pending: { image: layouts.blocked(x), scale, shift } });
    return;
  }
  const scaled = (value: Tensor | undefined) => (value && scale ? f.mul(value, scale) : (value ?? scale));
  const moved = before.shift && scale ? f.mul(before.shift, scale) : before.shift;
  layouts.set(output, {
    pending: { ...before, scale: scaled(before.scale), shift: moved && shift ? f.add(moved, shift) : (moved ?? shift) },
  });
}

/** A value for each channel: [1, C, 1, 1] or [C, 1, 1]. Returns it as [C]. */
function perChannel(value: Tensor, x: Tensor, layouts: Layouts): Tensor | undefined {
  const channels = x.shape[1]!;
  const wanted = [1, channels, 1, 1];
  const isOne = sameShape(value.shape, wanted) || sameShape(value.shape, wanted.slice(1));
  return isOne && channels > 1 ? f.reshape(layouts.plain(value), [channels]) : undefined;
}

/** The operand that has the output's shape and comes in blocks, and the other one. */
function operands({ inputs, outputs }: Node, layouts: Layouts): readonly [Tensor, Tensor] | undefined {
  const [a, b] = inputs as readonly [Tensor, Tensor];
  const leads = (tensor: Tensor) =>
    layouts.fits(tensor) && sameShape(tensor.shape, outputs[0]!.shape) && layouts.isBlocked(tensor);
  if (leads(a)) return [a, b];
  return leads(b) ? [b, a] : undefined;
}

function mul(node: Node, layouts: Layouts): boolean {
  const pair = operands(node, layouts);
  if (!pair) return false;
  const [x, other] = pair;
  const [output] = node.outputs as readonly [Tensor];
  const scale = perChannel(other, x, layouts);
  if (scale) {
    scaleAndShift(x, output, layouts, scale);
    return true;
  }
  const [reader, ...more] = layouts.readersOf(output);
  const isSummed = more.length === 0 && reader !== "output" && reader !== undefined && sumsChannels(reader);
  if (!isSummed || !sameShape(other.shape, x.shape)) return elementwise(node, layouts);
  layouts.set(output, { product: [x, other] });
  return true;
}

function add(node: Node, layouts: Layouts): boolean {
  const pair = operands(node, layouts);
  if (!pair) return false;
  const [output] = node.outputs as readonly [Tensor];
  const shift = perChannel(pair[1], pair[0], layouts);
  if (shift) {
    scaleAndShift(pair[0], output, layouts, undefined, shift);
    return true;
  }
  if (!sameShape(pair[0].shape, pair[1].shape)) return elementwise(node, layouts);
  for (const [x, other] of [pair, [pair[1], pair[0]] as const]) {
    const before = layouts.pending(x);
    if (!before || before.added || before.activation || x === other) continue;
    layouts.set(output, { pending: { ...before, added: layouts.blocked(other) } });
    return true;
  }
  return elementwise(node, layouts);
}

function relu(node: Node, layouts: Layouts): boolean {
  const before = layouts.pending(node.inputs[0]!);
  if (!before || before.activation) return elementwise(node, layouts);
  layouts.set(node.outputs[0]!, { pending: { ...before, activation: "Relu" } });
  return true;
}

/** Where elements lie does not matter. */
export function elementwise(node: Node, layouts: Layouts): boolean {
  const [output] = node.outputs as readonly [Tensor];
  const isScalar = (tensor: Tensor) => sizeOf(tensor.shape) === 1 && tensor.shape.length <= 1;
  const inputs = node.inputs.filter((input) => input !== undefined);
  const full = inputs.filter((input) => !isScalar(input));
  if (!layouts.fits(output) || !full.some((input) => layouts.isBlocked(input))) return false;
  if (!full.every((input) => layouts.fits(input) && sameShape(input.shape, output.shape))) return false;
  const operands = node.inputs.map(
    (input) => input && (isScalar(input) ? layouts.plain(input) : layouts.blocked(input)),
  );
  layouts.set(output, { blocked: layouts.target.repeat(node, operands)[0]! });
  return true;
}

/** Whether a node sums over everything but the channels. */
function sumsChannels(node: Node): boolean {
  if (node.op !== "ReduceSum" || !node.inputs[1] || node.inputs[0]!.shape.length !== 4) return false;
  return sameShape(constantInts(node, 1) ?? [], [0, 2, 3]) && numberAttribute(node.attributes, "keepdims", 1) === 0;
}

function reduceSum(node: Node, layouts: Layouts): boolean {
  const x = node.inputs[0]!;
  if (!sumsChannels(node) || !layouts.fits(x) || !layouts.isBlocked(x)) return false;
  const factors = layouts.product(x);
  const sum = factors
    ? channelDot(layouts.blocked(factors[0]), layouts.blocked(factors[1]))
    : channelSum(layouts.blocked(x));
  layouts.set(node.outputs[0]!, { plain: sum });
  return true;
}

function globalAveragePool(node: Node, layouts: Layouts): boolean {
  const x = node.inputs[0]!;
  if (!layouts.fits(x) || !layouts.isBlocked(x)) return false;
  // With one position the two forms are the same.
  layouts.set(node.outputs[0]!, { plain: f.emitOne("BlockedGlobalAveragePool", [layouts.blocked(x)]) });
  return true;
}

/** Repeats places: of few blocks rather than of many plain values that a convolution would have put into blocks. */
function resize(node: Node, layouts: Layouts): boolean {
  const [x, output] = [node.inputs[0]!, node.outputs[0]!];
  const { mode, coordinate_transformation_mode: places, nearest_mode: rounding } = node.attributes;
  if (!layouts.fits(x) || mode !== "nearest" || places !== "asymmetric" || rounding !== "floor") return false;
  const scales = output.shape.map((dim, axis) => dim / x.shape[axis]!);
  const isRead = layouts.readersOf(output).every((reader) => reader !== "output" && reader.op === "Conv");
  if (scales[1] !== 1 || !scales.every(Number.isInteger) || !(isRead || layouts.isBlocked(x))) return false;
  layouts.set(output, { blocked: f.emitOne("BlockedUpsample", [layouts.blocked(x)], { scales, mode }) });
  return true;
}

/** By running statistics, or by those of the batch, which are then outputs as well. */
function batchNormalization(node: Node, layouts: Layouts): boolean {
  const { inputs, outputs, attributes } = node;
  const x = inputs[0]!;
  const isTraining = numberAttribute(attributes, "training_mode", 0) === 1;
  const givesBareStatistics = !isTraining || numberAttribute(attributes, "momentum", 0.9) === 0;
  if (!layouts.fits(x) || !layouts.isBlocked(x) || !givesBareStatistics) return false;
  const [weight, bias] = [layouts.plain(inputs[1]!), layouts.plain(inputs[2]!)];
  const { mean, variance } = isTraining
    ? batchStatistics(layouts.blocked(x))
    : { mean: layouts.plain(inputs[3]!), variance: layouts.plain(inputs[4]!) };
  if (isTraining) {
    layouts.set(outputs[1]!, { plain: mean });
    layouts.set(outputs[2]!, { plain: variance });
  }
  const scale = f.mul(weight, inverseRoot(variance, floatAttribute(attributes, "epsilon", 1e-5)));
  scaleAndShift(x, outputs[0]!, layouts, scale, f.sub(bias, f.mul(mean, scale)));
  return true;
}

/** E[x²] - E[x]², which takes one pass for each; rounding must not make it negative. */
function batchStatistics(x: Tensor): { mean: Tensor; variance: Tensor } {
  const count = sizeOf(x.shape) / x.shape[1]!;
  const mean = channelMean(x);
  const variance = f.sub(f.div(channelDot(x, x), count), f.mul(mean, mean));
  return { mean, variance: f.maximum(variance, 0) };
}

const ELEMENTWISE = [
  ...[
    "Abs",
    "Clip",
    "Elu",
    "Erf",
    "Exp",
    "HardSigmoid",
    "HardSwish",
    "Identity",
    "LeakyRelu",
    "Log",
    "Neg",
    "Reciprocal",
  ],
  ...["Sigmoid", "Softplus", "Sqrt", "Tanh", "Div", "Max", "Min", "Pow", "Sub"],
];

export const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...ELEMENTWISE.map((op) => [op, elementwise] as const),
  ["Add", add],
  ["BatchNormalization", batchNormalization],
  ["Conv", conv],
  ["ConvTranspose", convTranspose],
  ["GlobalAveragePool", globalAveragePool],
  ["Mul", mul],
  ["ReduceSum", reduceSum],
  ["Relu", relu],
  ["Resize", resize],
]);
