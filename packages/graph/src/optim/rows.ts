import { emitOne } from "../ops/build.js";
import type { Node, Tensor } from "../tensor.js";

/** A gradient that is zero but for some rows, as that of an embedding is. */
export interface AddedRows {
  /** Where the elements of `updates` go; rows may repeat. */
  readonly indices: Tensor;
  readonly updates: Tensor;
  readonly attributes: Node["attributes"];
}

/** What a gradient adds up in zeros, if it does nothing else. */
export function addedRows({ source }: Tensor): AddedRows | undefined {
  const node = source.kind === "node" ? source.node : undefined;
  const [zeros, indices, updates] = node?.inputs ?? [];
  const isAddition = node?.op === "ScatterElements" && node.attributes.reduction === "add";
  if (!isAddition || !zeros || !indices || !updates || !isZero(zeros)) return undefined;
  return { indices, updates, attributes: node.attributes };
}

/** Adds such rows to a value: the zeros are never filled, nor is anything passed over for them. */
export function addRows(value: Tensor, { indices, attributes }: AddedRows, updates: Tensor): Tensor {
  return emitOne("ScatterElements", [value, indices, updates], attributes);
}

/** Zeros that are filled when the graph runs. */
function isZero({ source }: Tensor): boolean {
  if (source.kind !== "node" || source.node.op !== "Expand") return false;
  const filled = source.node.inputs[0]!.source;
  return filled.kind === "constant" && filled.data.length === 1 && Number(filled.data[0]) === 0;
}
