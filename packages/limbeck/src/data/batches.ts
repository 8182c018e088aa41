import { permutation, randomStream } from "@limbeck/graph";
import { LimbeckError } from "../support/errors.js";
import type { Augmenter } from "./augment/augmenter.js";
import { type ImageGeometry, type Split, sampleLength } from "./dataset.js";
import type { Samples } from "./samples/samples.js";
import { StoredSamples } from "./samples/stored.js";

/** The arrays of one batch, allocated once and filled again and again. */
export interface BatchTarget {
  /** `[batch, channels, height, width]`, pixel / 255; rows and windows as they are. */
  readonly images: Float32Array;
  /** `[batch]`, class numbers. */
  readonly labels: BigInt64Array;
  /** `[batch]`, the position of each sample in the split, by which cached teacher outputs are found. */
  readonly rows: Uint32Array;
}

// Tables, so that filling a batch allocates nothing: every BigInt(label) would be a new object.
const SCALED: Float32Array = Float32Array.from({ length: 256 }, (_, pixel) => pixel / 255);
const BIG: readonly bigint[] = Array.from({ length: 256 }, (_, label) => BigInt(label));

/** The arrays for batches of a given size. */
export function createBatchTarget(geometry: ImageGeometry, batchSize: number): BatchTarget {
  return {
    images: new Float32Array(batchSize * sampleLength(geometry)),
    labels: new BigInt64Array(batchSize),
    rows: new Uint32Array(batchSize),
  };
}

/** The order in which an epoch visits a split of `length` samples: positions in the split, shuffled by (seed, epoch). */
export function epochOrder(length: number, seed: number, epoch: number): Uint32Array {
  return permutation(length, randomStream(seed, "shuffle", epoch));
}

/** The split's own order, for evaluation. */
export function sequentialOrder(length: number): Uint32Array {
  return Uint32Array.from({ length }, (_, i) => i);
}

/**
 * The number of training batches of an epoch. All are full: the samples left over at the end are dropped (the next
 * epoch's order leaves out others). Only a split smaller than a batch makes one batch, filled by beginning again.
 * @throws LimbeckError DATA_TOO_SMALL where the split is empty.
 */
export function batchesPerEpoch(length: number, batchSize: number): number {
  requireSamples(length);
  return Math.max(1, Math.floor(length / batchSize));
}

/**
 * The number of batches that visit every sample at least once, for evaluation. The last may begin again at the first
 * sample: of its rows only the first `length - batchSize · (batches - 1)` count.
 * @throws LimbeckError DATA_TOO_SMALL where the split is empty.
 */
export function batchesToCover(length: number, batchSize: number): number {
  requireSamples(length);
  return Math.ceil(length / batchSize);
}

/** Samples of a split in its order. */
export interface SplitBatch {
  /** Position of the first one in the split. */
  readonly first: number;
  readonly count: number;
  /** `[count, channels, height, width]`; lasts until the next batch. */
  readonly images: Float32Array;
}

/** All samples of a split in its order, so many at once; the last batch may have fewer. @throws LimbeckError DATA_TOO_SMALL */
export function* batchesOf(split: Split, batchSize: number): Generator<SplitBatch> {
  const size = split.indices.length;
  const [order, target] = [sequentialOrder(size), createBatchTarget(split.dataset, batchSize)];
  for (let batch = 0; batch < batchesToCover(size, batchSize); batch++) {
    const first = batch * batchSize;
    const count = Math.min(batchSize, size - first);
    fillBatch(split, order, batch, batchSize, target);
    yield { first, count, images: target.images.subarray(0, count * sampleLength(split.dataset)) };
  }
}

/**
 * Fills a batch with the samples `order[batchIndex · batchSize + i]`; past the end, `order` begins again. Allocates
 * nothing.
 * @param order positions in the split, as {@link epochOrder} and {@link sequentialOrder} make them; not empty.
 * @param target arrays of exactly this batch size; see {@link createBatchTarget}.
 * @param augment how samples are changed on their way; by default not at all.
 */
export function fillBatch(
  split: Split,
  order: Uint32Array,
  batchIndex: number,
  batchSize: number,
  target: BatchTarget,
  augment?: Augmenter,
): void {
  const { dataset, indices } = split;
  const length = sampleLength(dataset);
  requireFit(target, batchSize, length);
  for (let i = 0; i < batchSize; i++) {
    const row = order[(batchIndex * batchSize + i) % order.length]!;
    const index = indices[row]!;
    target.rows[i] = row;
    target.labels[i] = BIG[dataset.labels[index]!]!;
    fillSample(dataset.pixels, index, augment, target.images.subarray(i * length, (i + 1) * length));
  }
}

function fillSample(samples: Samples, index: number, augment: Augmenter | undefined, target: Float32Array): void {
  const isStored = samples instanceof StoredSamples;
  const values = isStored ? samples.at(index) : samples;
  const start = isStored ? 0 : index * target.length;
  const [sample, from] = augment ? [augment(values, index, start), 0] : [values, start];
  if (sample instanceof Float32Array) target.set(sample.subarray(from, from + target.length));
  else scale(sample, from, target);
}

function scale(source: Uint8Array, from: number, target: Float32Array): void {
  for (let i = 0; i < target.length; i++) target[i] = SCALED[source[from + i]!]!;
}

function requireSamples(length: number): void {
  if (length > 0) return;
  const fix = "Use a split that has samples.";
  throw new LimbeckError("DATA_TOO_SMALL", "There are no samples to make batches of", { value: length, fix });
}

/** Writes past the end of a typed array are lost in silence, so this is looked at once per batch. */
function requireFit({ images, labels, rows }: BatchTarget, batchSize: number, length: number): void {
  if (images.length === batchSize * length && labels.length === batchSize && rows.length === batchSize) return;
  throw new RangeError(`The batch target is not made for ${batchSize} samples of ${length} values`);
}
