import type { RandomStream } from "../random.js";

const RANGE = 0x10000;

/** Fills an inverted-dropout mask: 1 / keep with probability `keep` (to within 2⁻¹⁷), else 0. Two elements a draw. */
export function fillDropoutMask(target: Float32Array | Float64Array, keep: number, stream: RandomStream): void {
  const threshold = Math.round(keep * RANGE);
  const scale = 1 / keep;
  const even = target.length & ~1;
  for (let i = 0; i < even; i += 2) {
    const bits = stream.int32();
    target[i] = bits >>> 16 < threshold ? scale : 0;
    target[i + 1] = (bits & 0xffff) < threshold ? scale : 0;
  }
  if (even < target.length) target[even] = stream.int32() >>> 16 < threshold ? scale : 0;
}
