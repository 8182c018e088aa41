import { type ExternalData, exposeValues, type Range } from "@limbeck/graph";
import { type CalibrationMethod, Extremes, entropyRange, Histogram, percentileRange } from "./ranges.js";
import { type Feeds, RunningModel } from "./run-model.js";

export interface CalibrationOptions {
  /** Default `minmax`. */
  readonly method?: CalibrationMethod;
  /** Of the method `percentile`: the share of values within the range, in percent. Default 99.99. */
  readonly percentile?: number;
  readonly threads: number;
  readonly externalData?: ExternalData | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Is told how many of how many batches were run. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Ranges of a model's values over samples.
 * @param values names of float32 values
 * @param batches what the model is fed; gone through once, or twice where the method counts
 * @throws LimbeckError FILE_UNREADABLE; the signal's reason
 */
export async function calibrate(
  model: Uint8Array,
  values: readonly string[],
  batches: readonly Feeds[],
  options: CalibrationOptions,
): Promise<ReadonlyMap<string, Range>> {
  const { method = "minmax", percentile = 99.99, threads, externalData } = options;
  const running = await RunningModel.open(exposeValues(model, values, externalData), threads);
  const total = batches.length * (method === "minmax" ? 1 : 2);
  let done = 0;
  const visit = async (see: (name: string, found: Float32Array) => void) => {
    for (const feeds of batches) {
      options.signal?.throwIfAborted();
      for (const [name, found] of await running.values(feeds, values)) see(name, found);
      options.onProgress?.(++done, total);
    }
  };
  try {
    const extremes = new Extremes();
    await visit((name, found) => extremes.observe(name, found));
    if (method === "minmax") return extremes.ranges;
    const histograms = new Map([...extremes.ranges].map(([name, range]) => [name, new Histogram(range)]));
    await visit((name, found) => histograms.get(name)!.observe(found));
    const choose = method === "entropy" ? entropyRange : (counts: Histogram) => percentileRange(counts, percentile);
    return new Map([...histograms].map(([name, histogram]) => [name, choose(histogram)]));
  } finally {
    await running.release();
  }
}
