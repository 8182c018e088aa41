import type { ImageGeometry } from "../../data/dataset.js";
import { spreadsOf } from "../../data/moments/moments.js";

/** Means and deviations that made samples have, of all channels or of each. */
export interface Statistics {
  readonly mean: number | readonly number[];
  readonly std: number | readonly number[];
}

/** What a recipe says, or else what is known of rows, or else what images have. */
export function statisticsOf(
  { mean, std }: { readonly [Key in keyof Statistics]?: Statistics[Key] | undefined },
  { moments }: ImageGeometry,
): Statistics {
  return { mean: mean ?? moments?.mean ?? 0.5, std: std ?? (moments ? spreadsOf(moments) : 0.25) };
}
