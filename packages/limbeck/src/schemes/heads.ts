import { type Node, ops, sizeOf, type Tensor } from "@limbeck/graph";
import type { LinearHead } from "../losses/loss.js";
import type { ForwardResult } from "../models/model.js";
import { LimbeckError } from "../support/errors.js";

/** The ends of both networks. @throws LimbeckError FEATURE_MISMATCH where one has another end */
export function linearHeads(term: string, student: ForwardResult, teacher: ForwardResult) {
  return { student: headOf(term, "student", student), teacher: headOf(term, "teacher", teacher) };
}

/** @throws LimbeckError FEATURE_MISMATCH where it ends otherwise */
export function headOf(term: string, side: "student" | "teacher", { logits }: ForwardResult): LinearHead {
  const head = linearHead(logits);
  if (head) return head;
  throw new LimbeckError(
    "FEATURE_MISMATCH",
    `${term} needs a network that ends in an average over places and one linear layer; the ${side} does not`,
    { where: `distill: ${term}`, fix: "Use such a network, for example resnet, or another loss." },
  );
}

/** Finds pooling and linear layer by walking back from the logits, so that models need not declare them. */
export function linearHead(logits: Tensor): LinearHead | undefined {
  const last = lastLayer(logits);
  const pooling = last && poolingBehind(last.input);
  return pooling && { maps: pooling.inputs[0]!, weight: last.weight, bias: last.bias };
}

/** The linear layer that logits come from. */
interface LastLayer {
  readonly input: Tensor;
  /** [K, C] */
  readonly weight: Tensor;
  /** [K] */
  readonly bias: Tensor | undefined;
}

/** Finds the linear layer that logits come from. */
export function lastLayer(logits: Tensor): LastLayer | undefined {
  const last = nodeOf(logits);
  const [first, second] = last?.inputs ?? [];
  if (!last || !first) return undefined;
  if (SAME.includes(last.op)) return lastLayer(first);
  if (last.op === "Gather" && last.attributes.axis === 1) return chosenClasses(lastLayer(first), second!);
  const sum = last.op === "Add" ? [first, second!] : undefined;
  const layer = sum ? sum.map(nodeOf).find((node) => node?.op === "MatMul") : last;
  const weight = layer && weightOf(layer);
  const added = sum ? sum.find((tensor) => nodeOf(tensor) !== layer) : layer?.inputs[2];
  return weight && { input: layer.inputs[0]!, weight, bias: added && ops.reshape(added, [weight.shape[0]!]) };
}

function chosenClasses(layer: LastLayer | undefined, places: Tensor): LastLayer | undefined {
  if (!layer) return undefined;
  const { input, weight, bias } = layer;
  return { input, weight: ops.gather(weight, places), bias: bias && ops.gather(bias, places) };
}

/** Weights [K, C] of a node that is a linear layer: a product with a matrix, or a 1×1 convolution of a single place. */
function weightOf({ op, inputs, attributes }: Node): Tensor | undefined {
  const [x, weight] = inputs;
  if (!x || !weight || !["DequantizeLinear", undefined].includes(nodeOf(weight)?.op)) return undefined;
  if (op === "Gemm" && !attributes.transA && (attributes.alpha ?? 1) === 1 && (attributes.beta ?? 1) === 1) {
    return attributes.transB === 1 ? weight : ops.swapLast(weight);
  }
  if (op === "MatMul" && weight.shape.length === 2) return ops.swapLast(weight);
  const isPlace = op === "Conv" && String(x.shape.slice(2)) === "1,1" && (attributes.group ?? 1) === 1;
  return isPlace && sizeOf(weight.shape.slice(2)) === 1 ? ops.reshape(weight, weight.shape.slice(0, 2)) : undefined;
}

function nodeOf({ source }: Tensor): Node | undefined {
  return source.kind === "node" ? source.node : undefined;
}

/** What changes a value's shape, or rounds it to 8 bits. */
const SAME = ["Flatten", "Reshape", "Squeeze", "Identity", "QuantizeLinear", "DequantizeLinear"];

/** A value, and what it is but for its shape, rounding and dropout, from near to far. */
export function sameValues(x: Tensor): Tensor[] {
  const node = nodeOf(x);
  const [first, second] = node?.inputs ?? [];
  if (!node || !first) return [x];
  const isDropout = node.op === "Mul" && second?.source.kind === "random";
  return SAME.includes(node.op) || isDropout ? [x, ...sameValues(first)] : [x];
}

/** The average over places that a value comes from. */
function poolingBehind(x: Tensor): Node | undefined {
  const node = nodeOf(sameValues(x).at(-1)!);
  const maps = node?.inputs[0];
  return maps?.shape.length === 4 && isAverage(node!, maps.shape.slice(2)) ? node : undefined;
}

/** Whether a node averages maps of this size as a whole. */
function isAverage({ op, attributes }: Node, size: readonly number[]): boolean {
  if (op === "GlobalAveragePool") return true;
  const list = (value: unknown) => String(Array.isArray(value) ? value : []);
  if (op === "ReduceMean") return ["2,3", "-2,-1", "-1,-2"].includes(list(attributes.axes));
  const isWhole = op === "AveragePool" && list(attributes.kernel_shape) === String(size);
  return isWhole && /^[0,]*$/.test(list(attributes.pads));
}
