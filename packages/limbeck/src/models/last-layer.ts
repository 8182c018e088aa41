import { type Node, ops, sizeOf, type Tensor } from "@limbeck/graph";

/** The linear layer that logits come from. */
export interface LastLayer {
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

/** The node that gives a value; none gives inputs, parameters and constants. */
export function nodeOf({ source }: Tensor): Node | undefined {
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
