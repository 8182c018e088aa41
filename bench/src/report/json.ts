import type { RowResult } from "../run.js";
import { speedRatio } from "../statistics.js";

/** One row against one peer, for machines. */
export interface JsonEntry {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  readonly peer: string;
  readonly peerValue: number;
  /** Above 1: we are faster. */
  readonly ratio: number;
}

/** An entry per row and peer that was there. */
export function toJson(results: readonly RowResult[]): JsonEntry[] {
  return results.flatMap(({ name, unit, ours, peers }) =>
    peers.flatMap((peer) =>
      "absent" in peer
        ? []
        : [
            {
              name,
              unit,
              ours: rounded(ours.value),
              peer: peer.name,
              peerValue: rounded(peer.value),
              ratio: rounded(speedRatio(ours.value, peer.value)),
            },
          ],
    ),
  );
}

function rounded(value: number): number {
  return Number(value.toFixed(3));
}
