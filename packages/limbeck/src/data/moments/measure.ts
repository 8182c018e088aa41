import jstat from "jstat";
import { LimbeckError } from "../../support/errors.js";
import { type Split, sampleLength } from "../dataset.js";
import { sampleAt } from "../samples/samples.js";
import { StoredSamples } from "../samples/stored.js";
import { drawAtMost } from "../split.js";
import type { Moments } from "./moments.js";

/** So many values lie at or beyond every quantile that is stored: none is one row's alone to tell. */
const CROWD = 10;

/** With fewer samples, moments would tell much of each. */
const FEWEST = 20;

/** Levels in the middle of as many equal shares, at most. */
const LEVELS = 100;

/** A column of more different whole numbers than this is taken for a measured one. */
const MOST_DISCRETE = 20;

const SIGNIFICANT_DIGITS = 7;

/** Values are sorted in memory. */
const MOST_STORED = 20_000_000;

/**
 * The moments of rows or windows: of each column over all samples and times. Of samples that stay on disk, as many count as
 * make {@link MOST_STORED} values, drawn by class.
 * @throws LimbeckError DATA_TOO_SMALL
 */
export function measureMoments(whole: Split): Moments {
  const split = measured(whole);
  const { dataset, indices } = split;
  const samples = indices.length;
  if (samples < FEWEST) {
    const message = `moments of ${samples} samples would tell much of each of them`;
    const fix = `Take ${FEWEST} samples or more.`;
    throw new LimbeckError("DATA_TOO_SMALL", message, { value: samples, where: dataset.name, fix });
  }
  const length = dataset.height * dataset.width;
  const columns = Array.from({ length: dataset.channels }, (_, c) => columnOf(split, c));
  const levels = levelsFor(samples);
  const sorted = columns.map((column) => column.slice().sort());
  const discrete = sorted.map(isDiscrete);
  const scores = columns.map((column) => normalScores(column));
  const spread = columns.map(meanAndStd);
  return {
    version: 1,
    columns: [...(dataset.columns ?? columns.map((_, c) => `column ${c + 1}`))],
    length,
    samples,
    mean: spread.map(({ mean }) => rounded(mean)),
    std: spread.map(({ std }) => rounded(std)),
    discrete,
    levels,
    quantiles: sorted.map((column, c) => levels.map((level) => rounded(quantile(column, level, discrete[c]!)))),
    correlation: scores.map((a, i) => scores.map((b, j) => (i === j ? 1 : rounded(correlation(a, b))))),
    timeCorrelation: timeCorrelation(scores, length),
  };
}

function measured(split: Split): Split {
  const { dataset } = split;
  if (!(dataset.pixels instanceof StoredSamples)) return split;
  return drawAtMost(split, Math.max(FEWEST, Math.floor(MOST_STORED / sampleLength(dataset))), 0);
}

/** Mean and deviation of all numbers of sounds. */
export function measureSpread({ dataset, indices }: Split): Pick<Moments, "mean" | "std"> {
  const length = sampleLength(dataset);
  const meanOf = (of: (value: number) => number) => {
    let sum = 0;
    for (const index of indices) for (const value of sampleAt(dataset, index)) sum += of(value);
    return sum / (indices.length * length);
  };
  const mean = meanOf((value) => value);
  const variance = meanOf((value) => (value - mean) ** 2);
  return { mean: [rounded(mean)], std: [rounded(Math.sqrt(variance))] };
}

/** All values of a column: of the samples one after another, in each by time. */
function columnOf({ dataset, indices }: Split, c: number): Float64Array {
  const times = dataset.height * dataset.width;
  const values = new Float64Array(indices.length * times);
  indices.forEach((index, i) => {
    values.set(sampleAt(dataset, index).subarray(c * times, (c + 1) * times), i * times);
  });
  return values;
}

/** Shares at which quantiles are taken. Tails are looked at as far as the crowd goes. */
function levelsFor(samples: number): number[] {
  const count = Math.min(LEVELS, Math.floor(samples / CROWD));
  const middle = Array.from({ length: count }, (_, k) => (k + 0.5) / count);
  const outermost = CROWD / samples;
  const inside = middle.filter((level) => level > outermost && level < 1 - outermost);
  return [outermost, ...inside, 1 - outermost].map(rounded);
}

function isDiscrete(sorted: Float64Array): boolean {
  let count = 0;
  for (let i = 0; i < sorted.length; i++) {
    if (i > 0 && sorted[i] === sorted[i - 1]) continue;
    count++;
    if (count > MOST_DISCRETE || !Number.isInteger(sorted[i])) return false;
  }
  return true;
}

/** Between two values, as NumPy's default does; of discrete columns the lower of them. */
function quantile(sorted: Float64Array, level: number, discrete: boolean): number {
  const place = level * (sorted.length - 1);
  const below = Math.floor(place);
  if (discrete) return sorted[below]!;
  const above = Math.min(sorted.length - 1, below + 1);
  return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
}

/** Mean of values, and deviation from it (divided by n). */
export function meanAndStd(values: Float64Array): { mean: number; std: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, std: Math.sqrt(variance) };
}

/** In the place of each value the normal number of its rank, in the middle of its share; equal values share a rank. */
function normalScores(values: Float64Array): Float64Array {
  const order = Uint32Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);
  const scores = new Float64Array(values.length);
  for (let first = 0; first < order.length; ) {
    let last = first;
    while (last + 1 < order.length && values[order[last + 1]!] === values[order[first]!]) last++;
    const score = jstat.normal.inv(((first + last) / 2 + 0.5) / values.length, 0, 1);
    for (let i = first; i <= last; i++) scores[order[i]!] = score;
    first = last + 1;
  }
  return scores;
}

/** 0 where one of both is constant. */
function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const sums = { a: 0, b: 0, aa: 0, bb: 0, ab: 0 };
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]!, b[i]!];
    sums.a += x;
    sums.b += y;
    sums.aa += x * x;
    sums.bb += y * y;
    sums.ab += x * y;
  }
  const n = a.length;
  const spread = Math.sqrt((sums.aa - sums.a ** 2 / n) * (sums.bb - sums.b ** 2 / n));
  return spread > 1e-12 * n ? Math.min(1, Math.max(-1, (sums.ab - (sums.a * sums.b) / n) / spread)) : 0;
}

/** Columns that never change say nothing of time. */
function timeCorrelation(scores: readonly Float64Array[], length: number): number[][] {
  const changing = scores.filter((column) => column.some((value) => value !== column[0]));
  const at = (column: Float64Array, time: number) => column.filter((_, i) => i % length === time);
  const byTime = changing.map((column) => Array.from({ length }, (_, time) => at(column, time)));
  return Array.from({ length }, (_, i) =>
    Array.from({ length }, (_, j) => {
      if (i === j) return 1;
      const each = byTime.map((times) => correlation(times[i]!, times[j]!));
      return each.length === 0 ? 0 : rounded(each.reduce((sum, value) => sum + value, 0) / each.length);
    }),
  );
}

const rounded = (value: number) => Number(value.toPrecision(SIGNIFICANT_DIGITS));
