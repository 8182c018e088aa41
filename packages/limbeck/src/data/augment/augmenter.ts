import { randomStream } from "@limbeck/graph";
import { type ImageGeometry, sampleLength } from "../dataset.js";
import type { ImageChange, SampleChange, SoundChange } from "./augmentation.js";
import { ViewStream } from "./view-stream.js";

/**
 * Changes the sample at position `index` of a data set's pixels. The result lies in a buffer of the augmenter's own, of
 * one sample, and lasts until the next call.
 * @param offset where the sample begins. Default: where it does among all samples
 */
export type Augmenter = (pixels: SampleValues, index: number, offset?: number) => SampleValues;

/** Changes of images, or of sounds. */
export type SampleChanges = readonly (ImageChange | SoundChange)[];

/** Bytes of images, numbers of sounds. */
export type SampleValues = Uint8Array | Float32Array;

/**
 * Applies changes one after another, as one *view* of every sample. A view is named by (seed, view) and can be had again
 * at any time, in any order: what happens to a sample depends on these and its position in the data set alone.
 * @param changes in order, all of images or all of sounds as the geometry is; each has random numbers of its own, so that a change added at the end alters no other.
 * @param view the epoch, or the number of the view where a teacher's answers to a few views are cached.
 */
export function createAugmenter(
  changes: SampleChanges,
  geometry: ImageGeometry,
  seed: number,
  view: number,
): Augmenter {
  const length = sampleLength(geometry);
  const keys = changes.map((_, step) => randomStream(seed, "augment", view, step).int32());
  const buffer = () => (geometry.sound ? new Float32Array(length) : new Uint8Array(length));
  const buffers = [buffer(), buffer()] as const;
  // Recipes are refused whose changes are not of their samples.
  const ours = changes as readonly SampleChange<SampleValues>[];
  const random = new ViewStream();
  return (pixels, index, start = index * length) => {
    let source = pixels;
    let offset = start;
    for (let step = 0; step < changes.length; step++) {
      const target = buffers[step % 2]!;
      random.reset(keys[step]!, index);
      ours[step]!(source, offset, target, geometry, random);
      source = target;
      offset = 0;
    }
    return source === pixels ? copySample(pixels, start, buffers[0]) : source;
  };
}

function copySample(pixels: SampleValues, offset: number, target: SampleValues): SampleValues {
  for (let i = 0; i < target.length; i++) target[i] = pixels[offset + i]!;
  return target;
}
