import { GraphError } from "../errors.js";
import type { Tensor } from "../tensor.js";

/** One number for all spatial axes, or one for each. */
export type PerAxis = number | readonly number[];

/** Axes of [N, C, ...spatial] after the first two, at least one. */
export function spatialRank(x: Tensor): number {
  const rank = x.shape.length - 2;
  if (rank >= 1) return rank;
  throw new GraphError("SHAPE_MISMATCH", `${x.name} must be [N, C, ...spatial]`, { value: x.shape });
}

/** One number for each of `rank` axes. */
export function perAxis(value: PerAxis, rank: number, what: string): readonly number[] {
  const values = typeof value === "number" ? new Array<number>(rank).fill(value) : value;
  if (values.length === rank) return values;
  throw new GraphError("OPTION_INVALID", `${what} must be one number or ${rank}, got ${values.length}`, { value });
}
