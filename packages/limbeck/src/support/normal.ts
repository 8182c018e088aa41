import type { RandomStream } from "@limbeck/graph";

/** A normal number around 0 (Box and Muller 1958). */
export function normalNumber(stream: RandomStream, std = 1): number {
  const radius = Math.sqrt(-2 * Math.log(1 - stream.uniform()));
  return std * radius * Math.cos(2 * Math.PI * stream.uniform());
}
