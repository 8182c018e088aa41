import { constantInts, numbersAttribute } from "../operator.js";
import * as f from "../ops/build.js";
import { sameShape, sizeOf } from "../shape.js";
import type { Node, Tensor } from "../tensor.js";

/** [out, in / groups, ...kernel] in the order of the blocked kernels: blocks of outputs, of inputs, kernel, inputs, outputs. */
export function blockFilters(filters: Tensor, block: number): Tensor {
  const [outputs, inputs, ...kernel] = filters.shape as [number, number, ...number[]];
  const [inner, parts] = inputs % block === 0 ? [block, inputs / block] : [1, inputs];
  const split = f.reshape(filters, [outputs / block, block, parts, inner, sizeOf(kernel)]);
  return f.reshape(f.transpose(split, [0, 2, 4, 3, 1]), filters.shape);
}

/** The same for filters that are still to be turned around, [in, out, ...kernel]: one transposition does both. */
export function blockTurned(filters: Tensor, block: number): Tensor {
  const [inputs, outputs, ...kernel] = filters.shape as [number, number, ...number[]];
  const places = sizeOf(kernel);
  const split = f.reshape(filters, [inputs / block, block, outputs / block, block, places]);
  const reversed = places === 1 ? split : f.slice(split, [-1], [-places - 1], [4], [-1]);
  return f.reshape(f.transpose(reversed, [2, 0, 4, 1, 3]), [outputs, inputs, ...kernel]);
}

/** Recognizes filters as `turn` in ops/convolution-lowering.ts turns them around for one group. Returns them as they were. */
export function turnedFrom(filters: Tensor): Tensor | undefined {
  const places = sizeOf(filters.shape.slice(2));
  const last = before(filters, "Reshape");
  const sliced = places === 1 ? undefined : before(last?.inputs[0], "Slice");
  if (places > 1 && !(sliced && isReversal(sliced, places))) return undefined;
  const swapped = before(places === 1 ? last?.inputs[0] : sliced?.inputs[0], "Transpose");
  const original = before(swapped?.inputs[0], "Reshape")?.inputs[0];
  if (!swapped || !original || !sameShape(numbersAttribute(swapped.attributes, "perm") ?? [], [0, 2, 1, 3]))
    return undefined;
  const [outputs, inputs, ...kernel] = filters.shape;
  const isWhole = sameShape(swapped.outputs[0]!.shape, [1, outputs!, inputs!, places]);
  return isWhole && sameShape(original.shape, [inputs!, outputs!, ...kernel]) ? original : undefined;
}

function before(tensor: Tensor | undefined, op: string): Node | undefined {
  return tensor?.source.kind === "node" && tensor.source.node.op === op ? tensor.source.node : undefined;
}

function isReversal(node: Node, places: number): boolean {
  const wanted = [[-1], [-places - 1], [3], [-1]];
  return wanted.every((value, i) => sameShape(constantInts(node, i + 1) ?? [], value));
}
