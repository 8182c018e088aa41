import { createBatchTarget, fillBatch, sequentialOrder } from "../data/batches.js";
import { type Split, sampleLength } from "../data/dataset.js";
import { FileModel, type FileModelSource } from "../evaluate/file-model/file-model.js";
import type { Reference } from "./compare.js";
import { type Feeds, RunningModel } from "./run-model.js";

/** What a model is fed at once. */
interface FedBatch {
  readonly feeds: Feeds;
  /** Samples that were fed; a model of a fixed number is fed some again. */
  readonly fed: number;
  /** How many of them count. */
  readonly count: number;
  readonly labels: Uint8Array;
}

/** The model that is quantized, as samples are fed to it; opened when first it is asked. */
export class Original {
  readonly #source: FileModelSource;
  readonly #file: Uint8Array;
  readonly #threads: number;
  #model: FileModel | undefined;

  constructor(source: FileModelSource, file: Uint8Array, threads: number) {
    this.#source = source;
    this.#file = file;
    this.#threads = threads;
  }

  /** Name of the output that answers. @throws LimbeckError as `FileModel.open` does */
  async output(split: Split): Promise<string> {
    return (await this.#opened(split)).input.output;
  }

  async batchesOf(split: Split, most: number): Promise<number> {
    return Math.ceil(split.indices.length / (await this.#opened(split)).batchOf(most));
  }

  /** Feeds of a split's samples, one batch after the other: none is kept. @param most samples at once, where the model takes any number */
  async *batches(split: Split, most: number): AsyncGenerator<FedBatch> {
    const model = await this.#opened(split);
    const size = model.batchOf(most);
    const order = sequentialOrder(split.indices.length);
    for (let first = 0; first < order.length; first += size) {
      const count = Math.min(size, order.length - first);
      const fed = model.input.batch ?? count;
      const target = createBatchTarget(split.dataset, fed);
      fillBatch(split, order.subarray(first), 0, fed, target);
      const feeds = await model.feed(target.images.subarray(0, fed * sampleLength(split.dataset)), fed);
      yield { feeds, fed, count, labels: Uint8Array.from(target.labels, Number) };
    }
  }

  /** What it answers to a split's samples, in batches as {@link batches} feeds them. */
  async *answers(split: Split, most: number): AsyncGenerator<Reference> {
    const { input, contents } = await this.#opened(split);
    const session = await RunningModel.open(this.#file, this.#threads, contents.weights);
    try {
      for await (const { feeds, fed, count, labels } of this.batches(split, most)) {
        const found = (await session.values(feeds, [input.output])).get(input.output)!;
        yield { count, labels, answers: found.slice(0, (found.length / fed) * count) };
      }
    } finally {
      await session.release();
    }
  }

  async release(): Promise<void> {
    await this.#model?.release();
  }

  async #opened(split: Split): Promise<FileModel> {
    if (this.#model) return this.#model;
    const { dataset, indices } = split;
    const tried = createBatchTarget(dataset, 2);
    fillBatch(split, sequentialOrder(indices.length), 0, 2, tried);
    this.#model = await FileModel.open(this.#source, dataset, undefined, tried.images, this.#threads);
    return this.#model;
  }
}
