import { type ExternalData, exposeValues, type Range } from "@limbeck/graph";
import { type CalibrationMethod, Extremes, entropyRange, Histogram, percentileRange } from "./ranges.js";
import { type Feeds, RunningModel } from "./run-model.js";

/** Samples at once: while ranges are found, memory holds all values of all of them. */
export const CALIBRATION_BATCH = 4;

export interface CalibrationOptions {
  /** Default `minmax`. */
  readonly method?: CalibrationMethod | undefined;
  /** Of the method `percentile`: the share of values within the range, in percent. Default 99.99. */
  readonly percentile?: number | undefined;
  readonly threads: number;
  readonly externalData?: ExternalData | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Is waited for before each batch. */
  readonly onBatch?: (() => Promise<void>) | undefined;
}

/**
 * Ranges of a model's values over samples.
 * @param values names of float32 values
 * @param batches what the model is fed; asked for once, or twice where the method counts
 * @throws LimbeckError FILE_UNREADABLE; the signal's reason
 */
export async function calibrate(
  model: Uint8Array,
  values: readonly string[],
  batches: () => AsyncIterable<{ readonly feeds: Feeds }>,
  options: CalibrationOptions,
): Promise<ReadonlyMap<string, Range>> {
  const { method = "minmax", percentile = 99.99, threads, externalData } = options;
  const running = await RunningModel.open(exposeValues(model, values, externalData), threads);
  const visit = async (see: (name: string, found: Float32Array) => void) => {
    for await (const { feeds } of batches()) {
      options.signal?.throwIfAborted();
      await options.onBatch?.();
      for (const [name, found] of await running.values(feeds, values)) see(name, found);
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
