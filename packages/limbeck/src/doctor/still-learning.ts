import { mean } from "../evaluate/statistics.js";

/** The last part of training, and how much of a curve it still removes if training is too short. */
export const LAST = 0.25;
export const STILL_FALLING = 0.05;

/**
 * By what share a curve fell over the last quarter of training, where that is much. Means of thirds of it are compared, because single
 * epochs are noisy.
 */
export function lastFall(
  curve: readonly { readonly epoch: number; readonly value: number }[],
  epochs: number,
): number | undefined {
  const last = curve.filter(({ epoch }) => epoch > (1 - LAST) * epochs).map(({ value }) => value);
  const third = Math.floor(last.length / 3);
  if (third < 1) return undefined;
  const [before, after] = [mean(last.slice(0, third)), mean(last.slice(-third))];
  const fall = (before - after) / before;
  return before === 0 || fall <= STILL_FALLING ? undefined : fall;
}
