import { randomStream } from "@limbeck/graph";
import { ViewStream } from "../augment/view-stream.js";
import type { BatchTarget } from "../batches.js";
import { type ImageGeometry, sampleLength } from "../dataset.js";
import type { PreparedMixing } from "./mixing.js";

/**
 * Mixes every image of a batch with the one behind it (the last with the first: epochs are shuffled, so that neighbors are
 * random). Of several mixings each batch gets one. What happens depends on (seed, view, batch) alone.
 */
export class BatchMixer {
  /** Class numbers of the second images, [batch]: what {@link mix} filled in last. */
  readonly otherLabels: BigInt64Array;
  /** Shares of the first images in labels, [batch]; 1 where an image was not mixed. */
  readonly shares: Float32Array;
  readonly #mixings: readonly PreparedMixing[];
  readonly #geometry: ImageGeometry;
  readonly #seed: number;
  /** The batch's first image as it was: the last is mixed when the first has been changed. */
  readonly #first: Float32Array;
  readonly #random = new ViewStream();
  #keys: { readonly view: number; readonly choice: number; readonly mix: number } | undefined;

  constructor(mixings: readonly PreparedMixing[], geometry: ImageGeometry, batchSize: number, seed: number) {
    this.#mixings = mixings;
    this.#geometry = geometry;
    this.#seed = seed;
    this.otherLabels = new BigInt64Array(batchSize);
    this.shares = new Float32Array(batchSize);
    this.#first = new Float32Array(sampleLength(geometry));
  }

  /** Changes the images of a batch in place; labels stay those of the first images. Allocates nothing. */
  mix({ images, labels }: BatchTarget, view: number, batch: number): void {
    const { mix, choice } = this.#keysOf(view);
    const random = this.#random;
    const { length } = this.#first;
    const count = this.shares.length;
    random.reset(choice, batch);
    const mixing = this.#mixings[random.below(this.#mixings.length)]!;
    for (let i = 0; i < length; i++) this.#first[i] = images[i]!;
    for (let i = 0; i < count; i++) {
      const isLast = i === count - 1;
      random.reset(mix, mixing.per === "batch" ? batch : batch * count + i);
      const other = isLast ? this.#first : images;
      this.shares[i] = this.#changed(mixing, images, i * length, other, isLast ? 0 : (i + 1) * length);
      this.otherLabels[i] = labels[isLast ? 0 : i + 1]!;
    }
  }

  #changed({ change, p }: PreparedMixing, images: Float32Array, to: number, other: Float32Array, from: number): number {
    if (this.#random.uniform() >= p) return 1;
    return change(images, to, other, from, this.#geometry, this.#random);
  }

  #keysOf(view: number) {
    if (this.#keys?.view === view) return this.#keys;
    const key = (what: string) => randomStream(this.#seed, "mix", what, view).int32();
    this.#keys = { view, choice: key("choice"), mix: key("images") };
    return this.#keys;
  }
}
