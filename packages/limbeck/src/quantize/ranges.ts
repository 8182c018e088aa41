import type { Range } from "@limbeck/graph";

/** How a value's range is chosen from what was seen of it. */
export const CALIBRATION_METHODS = ["minmax", "percentile", "entropy"] as const;

export type CalibrationMethod = (typeof CALIBRATION_METHODS)[number];

/** Bins of a histogram of sizes, from 0 to the largest. */
export const BINS = 2048;

/** Levels of a value that has one sign; of one that has both, each gets half of them. */
const LEVELS = 256;

/** Extremes of values by name. */
export class Extremes {
  readonly #ranges = new Map<string, { min: number; max: number }>();

  observe(name: string, values: Float32Array): void {
    const range = this.#ranges.get(name) ?? { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
    for (const value of values) {
      if (value < range.min) range.min = value;
      if (value > range.max) range.max = value;
    }
    this.#ranges.set(name, range);
  }

  get ranges(): ReadonlyMap<string, Range> {
    return this.#ranges;
  }
}

/** How often sizes of a value occur, whatever their sign: those of exactly 0, which every scale has, do not count. */
export class Histogram {
  readonly range: Range;
  readonly counts: Float64Array = new Float64Array(BINS);

  /** @param range the extremes of all that will be counted */
  constructor(range: Range) {
    this.range = range;
  }

  /** The largest size. */
  get largest(): number {
    return Math.max(Math.abs(this.range.min), Math.abs(this.range.max));
  }

  observe(values: Float32Array): void {
    const factor = BINS / this.largest;
    for (const value of values) {
      if (value !== 0) this.counts[Math.min(BINS - 1, Math.floor(Math.abs(value) * factor))]! += 1;
    }
  }

  /** The range within ± `size`. */
  within(size: number): Range {
    return { min: Math.max(this.range.min, -size), max: Math.min(this.range.max, size) };
  }
}

/** The range that holds a share of all values, by their sizes. @param percentile 0 … 100 */
export function percentileRange(histogram: Histogram, percentile: number): Range {
  const total = histogram.counts.reduce((sum, count) => sum + count, 0);
  let [seen, bin] = [0, 0];
  while (bin < BINS && seen < (total * percentile) / 100) seen += histogram.counts[bin++]!;
  return histogram.within((bin / BINS) * histogram.largest);
}

/**
 * The range in which whole numbers tell most of how values are distributed: of all sizes at which larger ones could be cut off,
 * the one with the least KL divergence between the cut distribution and what 8 bits leave of it.
 * Migacz 2017, 8-bit Inference with TensorRT.
 */
export function entropyRange(histogram: Histogram): Range {
  const { counts, range } = histogram;
  const levels = range.min < 0 && range.max > 0 ? LEVELS / 2 : LEVELS;
  let [best, least] = [BINS, Number.POSITIVE_INFINITY];
  let outside = counts.subarray(levels).reduce((sum, count) => sum + count, 0);
  for (let bins = levels; bins <= BINS; bins++) {
    const divergence = divergenceAt(counts, bins, levels, outside);
    if (divergence < least) [best, least] = [bins, divergence];
    outside -= counts[bins] ?? 0;
  }
  return histogram.within((best / BINS) * histogram.largest);
}

/** KL divergence in nats between the first bins, with all beyond in the last one, and the same at `levels` levels. */
function divergenceAt(counts: Float64Array, bins: number, levels: number, outside: number): number {
  const last = bins - 1;
  const cut = (bin: number) => counts[bin]! + (bin === last ? outside : 0);
  let total = outside;
  let kept = 0;
  for (let bin = 0; bin < bins; bin++) {
    total += counts[bin]!;
    kept += counts[bin]!;
  }
  if (kept === 0) return Number.POSITIVE_INFINITY;
  let divergence = 0;
  for (let level = 0; level < levels; level++) {
    const [from, to] = [Math.floor((level * bins) / levels), Math.floor(((level + 1) * bins) / levels)];
    let [sum, occupied] = [0, 0];
    for (let bin = from; bin < to; bin++) {
      sum += counts[bin]!;
      if (cut(bin) > 0) occupied++;
    }
    for (let bin = from; bin < to; bin++) {
      const p = cut(bin) / total;
      if (p === 0) continue;
      const q = sum / occupied / kept;
      if (q === 0) return Number.POSITIVE_INFINITY;
      divergence += p * Math.log(p / q);
    }
  }
  return divergence;
}
