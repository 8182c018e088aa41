import PQueue from "p-queue";
import { createBatchTarget, fillBatch, sequentialOrder } from "../../data/batches.js";
import type { Split } from "../../data/dataset.js";
import { Journal } from "./journal.js";
import type { BlackBox } from "./source.js";

interface AskOptions {
  /** Where answers are kept as they come. */
  readonly journal: string;
  readonly signal: AbortSignal;
}

/**
 * Has a black box answer every sample of a split; what was answered before, or before an end, is not asked again.
 * @yields how many samples are answered
 * @returns logits [samples, classes] in the split's order
 * @throws LimbeckError TEACHER_FAILED, FILE_UNWRITABLE, DISK_FULL; the signal's reason where it aborts
 */
export async function* askBlackBox(
  box: BlackBox,
  split: Split,
  { journal: path, signal }: AskOptions,
): AsyncGenerator<number, Float32Array> {
  const classes = split.dataset.classes.length;
  const total = split.indices.length;
  const journal = new Journal(path, classes);
  const open = split.indices.filter((sample) => !journal.get(sample));
  const queue = new PQueue({
    concurrency: box.concurrency,
    ...(box.perMinute ? { interval: 60_000, intervalCap: box.perMinute } : {}),
  });
  const news = new News();
  const stop = () => news.tell();
  signal.addEventListener("abort", stop);
  let answered = total - open.length;
  let failure: unknown;
  const answer = async (samples: Uint32Array) => {
    if (failure || signal.aborted) return;
    try {
      const logits = await box.answer(questionOf(split, samples), classes, signal);
      journal.add(Array.from(samples, (sample, i) => [sample, logits.slice(i * classes, (i + 1) * classes)] as const));
      answered += samples.length;
    } catch (error) {
      failure ??= error;
    }
    news.tell();
  };
  try {
    for (let first = 0; first < open.length; first += box.batch) {
      void queue.add(() => answer(open.subarray(first, first + box.batch)));
    }
    while (answered < total) {
      yield answered;
      await news.wait();
      signal.throwIfAborted();
      if (failure) throw failure;
    }
    yield total;
    const all = new Float32Array(total * classes);
    split.indices.forEach((sample, i) => {
      all.set(journal.get(sample)!, i * classes);
    });
    return all;
  } finally {
    signal.removeEventListener("abort", stop);
    queue.clear();
    // Where one question failed, the answers to others that are on their way have been paid for.
    failure ??= true;
    await queue.onIdle();
    journal.close();
  }
}

function questionOf({ dataset }: Split, samples: Uint32Array) {
  const target = createBatchTarget(dataset, samples.length);
  fillBatch({ dataset, indices: samples }, sequentialOrder(samples.length), 0, samples.length, target);
  const { channels, height, width, columns, texts, classes } = dataset;
  return {
    images: target.images,
    count: samples.length,
    classes,
    channels,
    height,
    width,
    isTable: columns !== undefined && !texts,
    ...(texts ? { texts: Array.from(samples, (sample) => texts[sample]!) } : {}),
  };
}

/** Wakes whoever waits for something to happen. */
class News {
  #isThere = false;
  #wake: () => void = () => {};

  tell(): void {
    this.#isThere = true;
    this.#wake();
  }

  async wait(): Promise<void> {
    if (!this.#isThere) {
      await new Promise<void>((done) => {
        this.#wake = done;
      });
    }
    this.#isThere = false;
  }
}
