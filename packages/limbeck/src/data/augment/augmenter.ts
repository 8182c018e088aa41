import { randomStream } from "@limbeck/graph";
import { type ImageGeometry, sampleLength } from "../dataset.js";
import type { ImageChange } from "./augmentation.js";
import { ViewStream } from "./view-stream.js";

/**
 * Changes the sample at position `index` of a data set's pixels. The result lies in a buffer of the augmenter's own, of
 * one image, and lasts until the next call.
 * @param offset where the sample begins. Default: where it does among all samples
 */
export type Augmenter = (pixels: Uint8Array, index: number, offset?: number) => Uint8Array;

/**
 * Applies changes one after another, as one *view* of every sample. A view is named by (seed, view) and can be had again
 * at any time, in any order: what happens to a sample depends on these and its position in the data set alone.
 * @param changes in order; each has random numbers of its own, so that a change added at the end alters no other.
 * @param view the epoch, or the number of the view where a teacher's answers to a few views are cached.
 */
export function createAugmenter(
  changes: readonly ImageChange[],
  geometry: ImageGeometry,
  seed: number,
  view: number,
): Augmenter {
  const length = sampleLength(geometry);
  const keys = changes.map((_, step) => randomStream(seed, "augment", view, step).int32());
  const buffers = [new Uint8Array(length), new Uint8Array(length)] as const;
  const random = new ViewStream();
  return (pixels, index, start = index * length) => {
    let source = pixels;
    let offset = start;
    for (let step = 0; step < changes.length; step++) {
      const target = buffers[step % 2]!;
      random.reset(keys[step]!, index);
      changes[step]!(source, offset, target, geometry, random);
      source = target;
      offset = 0;
    }
    return source === pixels ? copySample(pixels, start, buffers[0]) : source;
  };
}

function copySample(pixels: Uint8Array, offset: number, target: Uint8Array): Uint8Array {
  for (let i = 0; i < target.length; i++) target[i] = pixels[offset + i]!;
  return target;
}
