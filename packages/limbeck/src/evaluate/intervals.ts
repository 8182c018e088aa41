import jstat from "jstat";

/** Share of repetitions in which an interval holds the true value. */
export const CONFIDENCE = 0.95;

/** Both ends of a confidence interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** What was measured, with its 95 % confidence interval. */
export interface Estimate extends Interval {
  readonly value: number;
}

/** A quantile, interpolated linearly between the two values beside it; NaN of nothing. @param share 0 … 1 */
export function quantile(values: readonly number[], share: number): number {
  // jstat answers NaN for a single value.
  return values.length < 2 ? (values[0] ?? Number.NaN) : jstat.quantiles(values, [share], 1, 1)[0]!;
}

/** The middle 95 % of what resamples gave (Efron 1979); the value itself where there are none. */
export function percentileEstimate(value: number, resampled: readonly number[]): Estimate {
  if (resampled.length === 0) return { value, low: value, high: value };
  const tail = (1 - CONFIDENCE) / 2;
  return { value, low: quantile(resampled, tail), high: quantile(resampled, 1 - tail) };
}

/** A share of independent trials with the score interval of Wilson 1927; null without any trial. */
export function wilsonEstimate(successes: number, trials: number): Estimate | null {
  if (trials === 0) return null;
  const z = jstat.normal.inv((1 + CONFIDENCE) / 2, 0, 1);
  const share = successes / trials;
  const scale = 1 + z ** 2 / trials;
  const center = (share + z ** 2 / (2 * trials)) / scale;
  const half = (z / scale) * Math.sqrt((share * (1 - share)) / trials + z ** 2 / (4 * trials ** 2));
  // At the ends the formula gives 0 and 1 but for rounding.
  return {
    value: share,
    low: successes === 0 ? 0 : Math.max(0, center - half),
    high: successes === trials ? 1 : Math.min(1, center + half),
  };
}

/**
 * Two-sided p of the exact test of McNemar 1947: of the samples that only one of two models gets right, whether either has
 * more than a fair coin would give it. 1 where there are none.
 */
export function mcnemarP(onlyFirst: number, onlySecond: number): number {
  const [fewer, all] = [Math.min(onlyFirst, onlySecond), onlyFirst + onlySecond];
  if (2 * fewer >= all) return 1;
  // P(X ≤ k) of a binomial number, as the incomplete beta function.
  return Math.min(1, 2 * jstat.beta.cdf(0.5, all - fewer, fewer + 1));
}
