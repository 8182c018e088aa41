import { ops, type Tensor } from "@limbeck/graph";
import { rows, unit } from "../features.js";

/** Products of all pairs of samples, [N, N]. */
export function gram(x: Tensor): Tensor {
  const flat = rows(x);
  return ops.matmul(flat, ops.transpose(flat));
}

/** Cosines of all pairs of samples, [N, N]. */
export function cosines(x: Tensor): Tensor {
  return gram(unit(rows(x), [1]));
}
