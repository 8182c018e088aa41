import { isFloat } from "../dtype.js";
import { sizeOf } from "../shape.js";
import type { Node, Tensor } from "../tensor.js";

/** The arithmetic of one node, or of many. */
export interface Cost {
  /** Multiply-accumulate pairs of products: convolutions, matrix products, recurrent layers. */
  readonly macs: number;
  /** All floating-point operations: two for each multiply-accumulate pair, and those of everything else. */
  readonly flops: number;
}

/** What one operator costs, from a node's shapes and attributes. */
export type CostRule = (node: Node) => Cost;
export type CostRules = Readonly<Record<string, CostRule>>;

/** What only moves, selects or makes up values. */
export const FREE: Cost = { macs: 0, flops: 0 };

export function addCosts(a: Cost, b: Cost): Cost {
  return { macs: a.macs + b.macs, flops: a.flops + b.flops };
}

/** A product, with operations around it such as adding a bias. */
export function product(macs: number, further = 0): Cost {
  return { macs, flops: 2 * macs + further };
}

export function operations(flops: number): Cost {
  return { macs: 0, flops };
}

/** Number of elements of a node's input; 0 where it is left out. */
export function inputSize(node: Node, index: number): number {
  const input = node.inputs[index];
  return input ? sizeOf(input.shape) : 0;
}

/** Number of elements of a node's first output. */
export function outputSize(node: Node): number {
  return sizeOf(node.outputs[0]!.shape);
}

/** The same number of operations for each element that is read. */
export const perInput =
  (count: number): CostRule =>
  (node) =>
    operations(count * inputSize(node, 0));

/** The same number of operations for each element that comes out. */
export const perOutput =
  (count: number): CostRule =>
  (node) =>
    operations(count * outputSize(node));

/** What an operator without a rule costs: one operation for each element; integers and truth values are free. */
export const elementwise: CostRule = (node) => {
  const computes = (tensor: Tensor | undefined) => tensor !== undefined && isFloat(tensor.dtype);
  return computes(node.inputs[0]) || computes(node.outputs[0]) ? operations(outputSize(node)) : FREE;
};
