import type { ImageGeometry } from "../../data/dataset.js";
import { spreadsOf } from "../../data/moments/moments.js";

/** Means and deviations that made samples have, of all channels or of each. */
export interface Spread {
  readonly mean: number | readonly number[];
  readonly std: number | readonly number[];
}

/** What a recipe says, or else what is known of rows, or else what images have. */
export function spreadOf(
  { mean, std }: { readonly [Key in keyof Spread]?: Spread[Key] | undefined },
  { moments }: ImageGeometry,
): Spread {
  return { mean: mean ?? moments?.mean ?? 0.5, std: std ?? (moments ? spreadsOf(moments) : 0.25) };
}
