import type { Verdict } from "../evaluate/results.js";
import { count, plural, pValue } from "./format.js";

/** A difference of errors as it is shown, so that what is said of its sign agrees with the figure beside it. */
export function shown(difference: number): number {
  return Math.round(difference * 10) / 10;
}

/** "23.4 fewer errors than", "as many errors as": what the student makes, compared with something. */
export function fewerErrors(difference: number): string {
  const value = shown(difference);
  if (value === 0) return "as many errors as";
  return `${plural(Math.abs(value), `${value > 0 ? "fewer" : "more"} error`)} than`;
}

/** Says whether a difference is larger than the noise between seeds. */
export function noise(verdict: Verdict): string {
  if (verdict.pValue === null) return "too few seeds to know the noise";
  return `${verdict.significant ? "larger than the noise" : "within the noise"}, ${pValue(verdict.pValue)}`;
}

/** The same for a table, where room is scarce. */
export function shortNoise(verdict: Verdict): string {
  if (verdict.pValue === null) return "noise unknown";
  return `${verdict.significant ? "beyond" : "within"} noise, ${pValue(verdict.pValue)}`;
}

/** "+23.4" where the student makes fewer errors than the baseline, "−3" where it makes more. */
export function signedDifference(difference: number): string {
  const value = shown(difference);
  return `${value > 0 ? "+" : ""}${count(value)}`;
}
