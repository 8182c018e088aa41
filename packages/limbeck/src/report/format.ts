import type { Spread } from "../evaluate/results.js";
import { spread } from "../evaluate/statistics.js";

/** Shown in place of a number that there is not. */
export const NOTHING = "—";

/** A number with thousands separators, a true minus, and a fixed number of decimals. */
export function fixed(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return NOTHING;
  const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  return new Intl.NumberFormat("en-US", { ...digits, signDisplay: "negative" }).format(value).replace("-", "−");
}

/** A count, or a mean of counts: whole numbers without decimals, others with one. */
export function count(value: number): string {
  const rounded = Math.round(value * 10) / 10;
  return fixed(rounded, Number.isInteger(rounded) ? 0 : 1);
}

/** A number to some significant digits, without an exponent. */
export function significant(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return NOTHING;
  const rounded = Math.abs(Number(value.toPrecision(digits)));
  const whole = rounded === 0 ? 1 : Math.floor(Math.log10(rounded)) + 1;
  return fixed(value, Math.min(Math.max(digits - whole, 0), 6));
}

/**
 * "95.3 ± 3.8". A deviation too small for the decimals gets as many more as it takes to show it.
 * @param decimals of both.
 * @param scale what both are multiplied by, for example 100 for percent.
 */
export function plusMinus({ mean, sd }: Spread, decimals: number, scale = 1): string {
  if (sd === null || !Number.isFinite(sd)) return fixed(mean * scale, decimals);
  const needed = sd === 0 ? 0 : Math.ceil(-Math.log10(sd * scale * 2));
  const places = Math.min(Math.max(decimals, needed), 6);
  return `${fixed(mean * scale, places)} ± ${fixed(sd * scale, places)}`;
}

/** Mean errors over seeds; a single seed's errors are a whole number. */
export function errorsText(errors: readonly number[]): string {
  return plusMinus(spread(errors), errors.length > 1 ? 1 : 0);
}

/** A share, as percent. */
export function percent(share: number, decimals = 1): string {
  return Number.isFinite(share) ? `${fixed(share * 100, decimals)}%` : NOTHING;
}

/** A size in decimal units: 1 KB is 1,000 bytes. */
export function bytes(value: number): string {
  if (value < 1000) return `${count(value)} ${value === 1 ? "byte" : "bytes"}`;
  if (value < 999_500) return `${significant(value / 1e3)} KB`;
  return value < 999_500_000 ? `${significant(value / 1e6)} MB` : `${significant(value / 1e9)} GB`;
}

/** A time in milliseconds, to three digits. */
export function milliseconds(value: number): string {
  return Number.isFinite(value) ? `${significant(value)} ms` : NOTHING;
}

/** A duration in its two largest units: "1 h 12 min". */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return NOTHING;
  const whole = Math.round(seconds);
  if (whole < 60) return `${significant(seconds, 2)} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(whole / 60);
  return `${count(Math.floor(minutes / 60))} h ${minutes % 60} min`;
}

/** "October 7, 2026, 14:05 UTC"; text that is no date stays as it is. */
export function dateTime(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const day = new Intl.DateTimeFormat("en-US", { dateStyle: "long", timeZone: "UTC" }).format(date);
  return `${day}, ${date.toISOString().slice(11, 16)} UTC`;
}

/** "p = 0.012", never "p = 0.000". */
export function pValue(p: number): string {
  return p < 0.001 ? "p\u00a0<\u00a00.001" : `p\u00a0=\u00a0${significant(p, 2)}`;
}

/** "12.3×" and "smaller": how much less `value` is than `reference`. Words are for less, more, equal. */
export function ratio(reference: number, value: number, words: readonly [string, string, string]): [string, string] {
  const times = reference / value;
  if (!Number.isFinite(times) || times <= 0) return [NOTHING, "not comparable"];
  const factor = significant(Math.max(times, 1 / times), 2);
  return factor === "1.0" ? ["1×", words[2]] : [`${factor}×`, words[times > 1 ? 0 : 1]];
}

/** A noun with its number: "1 error", "1,200 errors". */
export function plural(value: number, noun: string, many = `${noun}s`): string {
  const text = count(value);
  return `${text} ${text === "1" ? noun : many}`;
}
