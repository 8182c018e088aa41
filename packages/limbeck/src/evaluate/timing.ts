import { Breath } from "../support/timer.js";

/** Of the budget, at most this part is spent on warming up. */
const WARM_UP_SHARE = 4;

export interface TimingOptions {
  readonly warmUp: number;
  readonly runs: number;
  /** After this many milliseconds no further runs begin, once there are `leastRuns`. Default: all are made. */
  readonly budgetMs?: number;
  readonly leastRuns?: number;
  readonly signal?: AbortSignal;
}

/** Times of runs one after another, in milliseconds. */
export async function timeRuns(
  run: () => Promise<unknown>,
  { warmUp, runs, budgetMs = Number.POSITIVE_INFINITY, leastRuns = runs, signal }: TimingOptions,
): Promise<number[]> {
  const times: number[] = [];
  const breath = new Breath();
  const begin = performance.now();
  const isOver = (done: number, least: number) => done >= least && performance.now() - begin > budgetMs;
  for (let i = 0; i < warmUp && performance.now() - begin < budgetMs / WARM_UP_SHARE; i++) await run();
  while (times.length < runs && !isOver(times.length, leastRuns)) {
    signal?.throwIfAborted();
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
    // Between two measurements, not within one.
    if (signal) await breath.take();
  }
  return times;
}
