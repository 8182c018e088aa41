import type { RandomStream } from "@limbeck/graph";

/**
 * A random stream that is set to a place instead of being made anew, because one is needed per sample: `reset(key,
 * sample)` gives the same numbers wherever and whenever it is called. Counter-based: murmur3's mixer over a Weyl
 * sequence.
 */
export class ViewStream implements RandomStream {
  private state = 0;

  reset(key: number, sample: number): void {
    this.state = mix(mix(key) ^ Math.imul(sample + 1, 0x85ebca6b));
  }

  int32(): number {
    this.state = (this.state + 0x9e3779b9) | 0;
    return mix(this.state);
  }

  uniform(): number {
    return (this.int32() >>> 8) / 0x1000000;
  }

  below(bound: number): number {
    return Math.floor(((this.int32() >>> 0) / 0x100000000) * bound);
  }
}

function mix(value: number): number {
  const once = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
  return twice ^ (twice >>> 16);
}
