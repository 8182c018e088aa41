import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { type Batch, type BatchFacts, BatchMaker } from "./batch-maker.js";
import { type BatchAnswer, type BatchRequest, buffersOf, send } from "./batch-message.js";

/** So many steps tell how long batches take, beside what is done with them. */
const TRIED = 10;

/** Batches that take less are made at once sooner than another thread could hand them over, in milliseconds. */
const QUICK_MS = 1;

/** More threads would only be waiting for memory. */
const MOST_THREADS = 8;

/** Batches that wait for the engine, for each thread. */
const AHEAD = 2;

/**
 * The batches of a training. Where they take long enough, and they come one after another, they are made ahead by other threads
 * while the engine works; what a batch is does not depend on that.
 */
export class BatchSource {
  readonly #facts: BatchFacts;
  readonly #maker: BatchMaker;
  readonly #threads: number | undefined;
  /** Steps beyond which nothing is made ahead. */
  #end = 0;
  #workers: BatchThread[] = [];
  #trial = { steps: 0, making: 0, began: 0 };
  #expected = 0;
  #lent: { readonly thread: BatchThread; readonly batch: Batch } | undefined;
  #waited = 0;

  /** @param threads that make batches ahead. Default: as many as are worth it, found by trying */
  constructor(facts: BatchFacts, threads?: number) {
    this.#facts = facts;
    this.#maker = new BatchMaker(facts);
    this.#threads = threads;
  }

  /** Seconds that {@link at} took in all. */
  get waited(): number {
    return this.#waited / 1000;
  }

  /** Threads that make batches now. */
  get threads(): number {
    return this.#workers.length;
  }

  /** Batches are now asked for one after another, up to this step, which is not among them. */
  begin(end: number): void {
    this.#end = end;
    this.#waited = 0;
    this.#trial = { steps: 0, making: 0, began: performance.now() };
  }

  /** The batch of a step. It lasts until the next call. */
  async at(step: number): Promise<Batch> {
    const start = performance.now();
    this.#giveBack();
    if (this.#end > 0) this.#startThreads(step);
    const batch = (await this.#fromThread(step)) ?? this.#maker.make(step);
    this.#expected = step + 1;
    const spent = performance.now() - start;
    this.#waited += spent;
    this.#trial = { ...this.#trial, steps: this.#trial.steps + 1, making: this.#trial.making + spent };
    return batch;
  }

  /** Ends all threads. */
  async release(): Promise<void> {
    this.#end = 0;
    this.#lent = undefined;
    await Promise.all(this.#workers.map((worker) => worker.end()));
    this.#workers = [];
  }

  #startThreads(step: number): void {
    if (this.#workers.length > 0 || step !== this.#expected) return;
    const count = this.#threads ?? this.#worthwhile();
    this.#workers = Array.from({ length: count }, () => new BatchThread(this.#facts));
    for (const [i, worker] of this.#workers.entries()) {
      for (let ahead = 0; ahead < AHEAD; ahead++) this.#ask(worker, step + i + ahead * count);
    }
  }

  /** As many threads as keep up with the engine; none where that is not worth it, or not known yet. */
  #worthwhile(): number {
    const { steps, making, began } = this.#trial;
    if (steps !== TRIED) return 0;
    const each = making / steps;
    const rest = (performance.now() - began) / steps - each;
    if (each < QUICK_MS) return 0;
    return Math.max(1, Math.min(MOST_THREADS, availableParallelism() - 1, Math.ceil(each / rest)));
  }

  async #fromThread(step: number): Promise<Batch | undefined> {
    const thread = this.#workers.find((worker) => worker.promises(step));
    const batch = await thread?.take(step);
    if (!thread || !batch) return undefined;
    this.#lent = { thread, batch };
    return batch;
  }

  /** What the engine is done with is filled again, with what that thread makes next. */
  #giveBack(): void {
    if (!this.#lent) return;
    const { thread, batch } = this.#lent;
    this.#lent = undefined;
    this.#ask(thread, this.#expected - 1 + AHEAD * this.#workers.length, batch);
  }

  #ask(thread: BatchThread, step: number, arrays?: Batch): void {
    if (step < this.#end) thread.ask(step, arrays);
  }
}

const workerUrl = new URL("./batch-worker.js", import.meta.url);

/** A thread that makes batches. */
class BatchThread {
  readonly #worker: Worker;
  readonly #open = new Map<number, PromiseWithResolvers>();

  constructor(facts: BatchFacts) {
    this.#worker = new Worker(workerUrl, { workerData: send(facts) });
    this.#worker.on("message", ({ step, batch }: BatchAnswer) => this.#open.get(step)?.resolve(batch));
    // Without the thread, batches are made where they are needed.
    const giveUp = () => {
      for (const { resolve } of this.#open.values()) resolve(undefined);
    };
    this.#worker.on("error", giveUp);
    this.#worker.on("exit", giveUp);
  }

  ask(step: number, arrays: Batch | undefined): void {
    this.#open.set(step, withResolvers());
    const request: BatchRequest = { step, arrays };
    this.#worker.postMessage(request, arrays ? buffersOf(arrays) : []);
  }

  promises(step: number): boolean {
    return this.#open.has(step);
  }

  async take(step: number): Promise<Batch | undefined> {
    const batch = await this.#open.get(step)!.promise;
    this.#open.delete(step);
    return batch;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

interface PromiseWithResolvers {
  readonly promise: Promise<Batch | undefined>;
  resolve(batch: Batch | undefined): void;
}

function withResolvers(): PromiseWithResolvers {
  let resolve!: (batch: Batch | undefined) => void;
  const promise = new Promise<Batch | undefined>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
