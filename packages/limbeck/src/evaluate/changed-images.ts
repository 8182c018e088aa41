import { randomStream } from "@limbeck/graph";
import type { Corrupt } from "../data/corruptions/corruption.js";
import { CORRUPTIONS } from "../data/corruptions/index.js";
import { type Split, sampleLength } from "../data/dataset.js";
import { sampleAt } from "../data/samples/samples.js";

/** Images that are changed at a time. */
const BATCH = 32;

/** How many times all images are gone through. */
export const ROBUSTNESS_PASSES: number = 1 + CORRUPTIONS.reduce((sum, { severities }) => sum + severities.length, 0);

const asIs: Corrupt = (image) => image;

/** Some changed images [count, C, H, W], 0 … 1. */
export interface ChangedBatch {
  /** Place of the first in the split. */
  readonly first: number;
  readonly count: number;
  readonly images: Float32Array;
}

/** What was found on images as they are, and on changed ones. */
export interface OverChanges<Figure> {
  readonly clean: Figure;
  readonly changes: readonly {
    readonly name: string;
    readonly meaning: string;
    readonly severities: readonly { readonly strength: string; readonly figure: Figure }[];
  }[];
}

/**
 * Goes through images as they are, and then with each change at each severity. Who asks again sees the same.
 * @param split images
 * @param onImages is called with how many images have been answered, all passes counted
 * @param ask is given one pass after the other
 */
export async function overChanges<Figure>(
  split: Split,
  seed: number,
  onImages: (done: number) => Promise<void>,
  ask: (batches: AsyncIterable<ChangedBatch>) => Promise<Figure>,
): Promise<OverChanges<Figure>> {
  let done = 0;
  const pass = (apply: Corrupt, ...key: readonly (string | number)[]) => {
    const batches = changedBatches(split, (image, index) => {
      return apply(image, split.dataset, randomStream(seed, "corruption", ...key, index));
    });
    const after = (count: number) => {
      done += count;
      return onImages(done);
    };
    return ask(told(batches, after));
  };
  const clean = await pass(asIs);
  const changes: OverChanges<Figure>["changes"][number][] = [];
  for (const { name, meaning, severities } of CORRUPTIONS) {
    const found = [];
    for (const [i, { strength, apply }] of severities.entries()) {
      found.push({ strength, figure: await pass(apply, name, i) });
    }
    changes.push({ name, meaning, severities: found });
  }
  return { clean, changes };
}

async function* told(batches: AsyncIterable<ChangedBatch>, after: (count: number) => Promise<void>) {
  for await (const batch of batches) {
    yield batch;
    await after(batch.count);
  }
}

/** @param change gets an image and its position in the data set */
async function* changedBatches(
  { dataset, indices }: Split,
  change: (image: Uint8Array, index: number) => Uint8Array | Promise<Uint8Array>,
): AsyncGenerator<ChangedBatch> {
  const length = sampleLength(dataset);
  for (let first = 0; first < indices.length; first += BATCH) {
    const count = Math.min(BATCH, indices.length - first);
    const images = new Float32Array(count * length);
    for (let i = 0; i < count; i++) {
      const index = indices[first + i]!;
      const result = await change(sampleAt(dataset, index) as Uint8Array, index);
      for (let at = 0; at < length; at++) images[i * length + at] = result[at]! / 255;
    }
    yield { first, count, images };
  }
}
