import * as f from "../ops/build.js";
import type { Attributes, Tensor } from "../tensor.js";
import { blockFilters, blockTurned } from "./filters.js";

/**
 * A convolution that is not there yet, so that what follows it can become part of it: a scale and a shift for each
 * channel, something to add, a ReLU. All tensors but the blocked ones are plain.
 */
export interface Pending {
  /** The image: blocked, or plain where it has fewer channels than a block. */
  readonly image: Tensor;
  /** [out, in / groups, ...kernel]; missing where each channel is taken as it is. */
  readonly filters?: Tensor | undefined;
  /** Whether the filters are still to be turned around: [in, out, ...kernel]. Default `false`. */
  readonly isTurned?: boolean;
  /** One factor for each channel of the output. */
  readonly scale?: Tensor | undefined;
  readonly shift?: Tensor | undefined;
  /** Blocked. */
  readonly added?: Tensor | undefined;
  readonly attributes?: Attributes;
  readonly activation?: "Relu" | undefined;
}

/** Adds the node. Returns a blocked value. */
export function emitPending(pending: Pending, channels: number, block: number): Tensor {
  const { image, shift, added, attributes = {}, activation } = pending;
  const inputs = [image, filtersOf(pending, channels, block), shift, added];
  return f.emitOne("BlockedConv", inputs.slice(0, inputs.findLastIndex((input) => input) + 1), {
    ...attributes,
    ...(pending.filters ? {} : { group: channels }),
    ...(activation ? { activation } : {}),
  });
}

function filtersOf({ image, filters, scale, isTurned }: Pending, channels: number, block: number): Tensor {
  const { graph } = image;
  if (!filters) {
    const ones = () =>
      graph.shared(`ones ${channels}`, () => graph.constant("float32", [channels], new Array(channels).fill(1)));
    return f.reshape(scale ?? ones(), [channels, 1, 1, 1]);
  }
  if (isTurned) return blockTurned(scale ? f.mul(filters, f.reshape(scale, [1, channels, 1, 1])) : filters, block);
  return blockFilters(scale ? f.mul(filters, f.reshape(scale, [channels, 1, 1, 1])) : filters, block);
}
