import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";
import type { RandomGenerator } from "pure-rand/types/RandomGenerator";

/** A stream of random numbers that depends on nothing but its key. */
export interface RandomStream {
  /** A uniform 32-bit integer, signed. */
  int32(): number;
  /** Uniform in [0, 1), 24 bits. */
  uniform(): number;
  /** A uniform integer in [0, bound). */
  below(bound: number): number;
}

/**
 * The stream named by a seed and a path, such as `(1, "shuffle", epoch)`. Streams of different keys are independent, so
 * that nothing random needs to be saved: a resumed run asks for the same keys again.
 */
export function randomStream(seed: number, ...path: readonly (number | string)[]): RandomStream {
  const key = [seed, ...path].join("/");
  const generator: RandomGenerator = xoroshiro128plusFromState([0, 1, 2, 3].map((lane) => hashText(`${lane}:${key}`)));
  return {
    int32: () => generator.next(),
    uniform: () => (generator.next() >>> 8) / 0x1000000,
    below: (bound) => uniformInt(generator, 0, bound - 1),
  };
}

/** Indices 0 … length-1 in random order (Fisher-Yates). */
export function permutation(length: number, stream: RandomStream): Uint32Array {
  const order = Uint32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = stream.below(i + 1);
    const swap = order[i]!;
    order[i] = order[j]!;
    order[j] = swap;
  }
  return order;
}

/** FNV-1a, finished with murmur3's mixer: small seeds must not give similar streams. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ char.codePointAt(0)!, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
