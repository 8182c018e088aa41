import { ops, type Tensor } from "@limbeck/graph";
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

/** Normalized samples [N, C, H, W] with these means and deviations. */
export function spreadOut(normal: Tensor, { mean, std }: Spread): Tensor {
  return ops.add(ops.mul(normal, perChannel(normal, std)), perChannel(normal, mean));
}

/** What a value of such samples, such as that of black, was before it was spread out, [C, 1, 1]. */
export function normalized(value: number, { mean, std }: Spread, like: Tensor): Tensor {
  return ops.div(ops.add(ops.neg(perChannel(like, mean)), value), perChannel(like, std));
}

/** Numbers of the channels of a sample, [C, 1, 1]. */
function perChannel({ graph, shape }: Tensor, values: number | readonly number[]): Tensor {
  const channels = shape[1]!;
  const each = typeof values === "number" ? new Array<number>(channels).fill(values) : values;
  return graph.constant("float32", [channels, 1, 1], each);
}
