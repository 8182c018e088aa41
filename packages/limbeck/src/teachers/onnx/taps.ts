import type { ImportedModel, Tensor } from "@limbeck/graph";
import type { ForwardResult } from "../../models/model.js";

/** What the file computes of each image, under its own names. */
export function tapsOf({ values }: ImportedModel, copies: ReadonlyMap<Tensor, Tensor>): ForwardResult["taps"] {
  const entries = [...values].flatMap(([name, tensor]) => {
    const copy = tensor.source.kind === "node" && tensor.dtype === "float32" ? copies.get(tensor) : undefined;
    return copy && copy.shape.length > 1 ? [[name, copy] as const] : [];
  });
  return Object.fromEntries(entries);
}
