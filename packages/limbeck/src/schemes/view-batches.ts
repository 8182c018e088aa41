import { type Augmenter, createAugmenter, type SampleChanges } from "../data/augment/index.js";
import { type BatchTarget, createBatchTarget, fillBatch } from "../data/batches.js";
import type { Split } from "../data/dataset.js";

/** What decides how images are changed: in a view, everything depends on the seed and the view's number. */
export interface ViewOptions {
  readonly changes: SampleChanges;
  readonly seed: number;
  /** The number of an epoch's view. Default: the epoch. */
  readonly viewOf?: (epoch: number) => number;
}

/** Batches of a split, in another view of every sample in each epoch. */
export class ViewBatches {
  /** Filled anew by each call. */
  readonly target: BatchTarget;
  readonly #split: Split;
  readonly #batchSize: number;
  readonly #options: ViewOptions;
  #view: { readonly epoch: number; readonly augment: Augmenter | undefined } | undefined;

  constructor(split: Split, batchSize: number, options: ViewOptions) {
    this.#split = split;
    this.#batchSize = batchSize;
    this.#options = options;
    this.target = createBatchTarget(split.dataset, batchSize);
  }

  /** @param order rows of the split @param batch which of the batches that follow on each other in it */
  fill(order: Uint32Array, epoch: number, batch: number): BatchTarget {
    fillBatch(this.#split, order, batch, this.#batchSize, this.target, this.#augment(epoch));
    return this.target;
  }

  #augment(epoch: number): Augmenter | undefined {
    const { changes, seed, viewOf = (number) => number } = this.#options;
    if (changes.length === 0) return undefined;
    if (this.#view?.epoch !== epoch) {
      this.#view = { epoch, augment: createAugmenter(changes, this.#split.dataset, seed, viewOf(epoch)) };
    }
    return this.#view.augment;
  }
}
