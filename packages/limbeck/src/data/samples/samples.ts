import type { Hash } from "node:crypto";
import { canonicalJson } from "../../support/json.js";
import { StoredSamples } from "./stored.js";

/** The values of samples, one sample after another: in memory, or in a file. */
export type Samples = Uint8Array | Float32Array | StoredSamples;

/** What of a data set has the values. */
interface Valued {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly pixels: Samples;
}

/** So many bytes of values count for what they are; of more, their SHA-256 does. Wherever they stand. */
const HASHED_WHOLE = 2_000_000_000;

/** Room for bytes that threads share. */
export function sharedBytes(count: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(count));
}

/** Whether values are bytes from 0 to 255. */
export function areBytes(samples: Samples): boolean {
  return samples instanceof StoredSamples ? samples.kind === "bytes" : samples instanceof Uint8Array;
}

/** The values of one sample; they last until the next one is asked for. */
export function sampleAt({ pixels, channels, height, width }: Valued, index: number): Uint8Array | Float32Array {
  if (pixels instanceof StoredSamples) return pixels.at(index);
  const length = channels * height * width;
  return pixels.subarray(index * length, (index + 1) * length);
}

/** Makes a hash one of samples too: the same wherever they stand. Of texts, what models do not see counts as well. */
export function hashSamples(
  hash: Hash,
  { pixels, texts }: { readonly pixels: Samples; readonly texts?: readonly string[] },
): Hash {
  if (texts) hash.update(canonicalJson(texts));
  if (!(pixels instanceof StoredSamples)) return hash.update(pixels);
  if (pixels.bytes > HASHED_WHOLE) return hash.update(pixels.digest());
  for (const part of pixels.parts()) hash.update(part);
  return hash;
}
