import type { Estimate } from "../../evaluate/intervals.js";
import { fixed, percent } from "../format.js";

/** "91.30% [89.4, 92.9]" */
export function shares({ value, low, high }: Estimate): string {
  return `${percent(value, 2)} [${fixed(low * 100, 1)}, ${fixed(high * 100, 1)}]`;
}

/** "+1.20 [0.1, 2.3]" */
export function points({ value, low, high }: Estimate): string {
  const sign = value > 0 ? "+" : "";
  return `${sign}${fixed(value * 100, 2)} [${fixed(low * 100, 1)}, ${fixed(high * 100, 1)}]`;
}

/** A value and its interval, each in one format. */
export function interval({ value, low, high }: Estimate, format: (value: number) => string): string {
  return `${format(value)} [${format(low)}, ${format(high)}]`;
}
