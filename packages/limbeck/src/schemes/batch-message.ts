import type { ImageDataset } from "../data/dataset.js";
import { type StoredPlace, StoredSamples } from "../data/samples/stored.js";
import type { Batch, BatchFacts } from "./batch-maker.js";

/** A request for the batch of a step, and what may be written over. */
export interface BatchRequest {
  readonly step: number;
  readonly arrays: Batch | undefined;
}

/** The answer; without a batch where it could not be made. */
export interface BatchAnswer {
  readonly step: number;
  readonly batch: Batch | undefined;
}

/** {@link BatchFacts} as they go to another thread: samples that are in memory are shared with it, a file it opens itself. */
export interface SentFacts extends Omit<BatchFacts, "split"> {
  readonly indices: Uint32Array;
  readonly dataset: Omit<ImageDataset, "pixels" | "texts">;
  readonly pixels: Uint8Array | Float32Array | StoredPlace;
}

export function send({ split, ...facts }: BatchFacts): SentFacts {
  const { pixels, texts: _, ...dataset } = split.dataset;
  return {
    ...facts,
    dataset,
    indices: split.indices,
    pixels: pixels instanceof StoredSamples ? pixels.place : shared(pixels),
  };
}

export function receive({ dataset, indices, pixels, ...facts }: SentFacts): BatchFacts {
  const samples = ArrayBuffer.isView(pixels) ? pixels : new StoredSamples(pixels);
  return { ...facts, split: { dataset: { ...dataset, pixels: samples }, indices } };
}

/** The memory that arrays of a batch stand in. */
export function buffersOf(batch: Batch): ArrayBuffer[] {
  return Object.values(batch).map(({ buffer }) => buffer as ArrayBuffer);
}

const copies = new WeakMap<object, Uint8Array | Float32Array>();

/** The same values in memory that threads share; copied once. */
function shared(values: Uint8Array | Float32Array): Uint8Array | Float32Array {
  if (values.buffer instanceof SharedArrayBuffer) return values;
  const known = copies.get(values);
  if (known) return known;
  const buffer = new SharedArrayBuffer(values.byteLength);
  const copy = values instanceof Uint8Array ? new Uint8Array(buffer) : new Float32Array(buffer);
  copy.set(values);
  copies.set(values, copy);
  return copy;
}
