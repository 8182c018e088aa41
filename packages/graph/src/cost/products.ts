import { readEquation } from "../ops/einsum.js";
import { sizeOf } from "../shape.js";
import type { Node } from "../tensor.js";
import { type CostRule, type CostRules, inputSize, operations, outputSize, product } from "./cost.js";

/** Adding an input to every element of the output, where there is such an input. */
function addition(node: Node, index: number): number {
  return node.inputs[index] ? outputSize(node) : 0;
}

/** Every element of the output is a sum over one filter, [M, C/group, …kernel]. */
const convolution =
  (weight: number, bias: number): CostRule =>
  (node) =>
    product(outputSize(node) * sizeOf(node.inputs[weight]!.shape.slice(1)), addition(node, bias));

/** Every element of the input spreads one filter, [C, M/group, …kernel]. */
const transposedConvolution: CostRule = (node) =>
  product(inputSize(node, 0) * sizeOf(node.inputs[1]!.shape.slice(1)), addition(node, 2));

const gemm: CostRule = (node) => {
  const shape = node.inputs[0]!.shape;
  const inner = node.attributes.transA === 1 ? shape[0]! : shape[1]!;
  return product(outputSize(node) * inner, addition(node, 2));
};

const matrixProduct: CostRule = (node) => product(outputSize(node) * (node.inputs[0]!.shape.at(-1) ?? 1));

/** One multiplication fewer than there are factors, at every combination of indices. */
const einsum: CostRule = (node) => {
  const combinations = [...readEquation(node).sizes.values()].reduce((total, size) => total * size, 1);
  const factors = node.inputs.length;
  return factors > 1 ? product(combinations * (factors - 1)) : operations(combinations);
};

/** x is [time, batch, features]; W and R hold all gates of all directions; `further` counts a unit's other operations. */
const recurrent =
  (further: number): CostRule =>
  (node) => {
    const [time = 0, batch = 0] = node.inputs[0]!.shape;
    const macs = time * batch * (inputSize(node, 1) + inputSize(node, 2));
    return product(macs, further * outputSize(node));
  };

export const products: CostRules = {
  Conv: convolution(1, 2),
  ConvInteger: convolution(1, 4),
  QLinearConv: convolution(3, 8),
  ConvTranspose: transposedConvolution,
  Gemm: gemm,
  MatMul: matrixProduct,
  MatMulInteger: matrixProduct,
  QLinearMatMul: matrixProduct,
  Einsum: einsum,
  // Sums of two products and two biases, activations, and how gates meet: one each.
  RNN: recurrent(4),
  GRU: recurrent(17),
  LSTM: recurrent(21),
};
