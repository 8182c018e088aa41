import type { Findings } from "./facts.js";

/** Something to be told of a pair of networks. */
export interface Rule<Facts = Findings> {
  readonly name: string;
  /** When it speaks, in words, with its threshold: what docs/doctor.md says. */
  readonly when: string;
  /** Paper, or measurement. */
  readonly source: string;
  /** What to do, in a sentence or two with the figures that it is drawn from; nothing where all is well. */
  advise(findings: Facts): string | undefined;
}

/** 0.1234 as 12.3%. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

/** A ratio: 43.5 as 44, 4.35 as 4.3. */
export function times(ratio: number): string {
  return ratio >= 10 ? Math.round(ratio).toLocaleString("en-US") : ratio.toFixed(1);
}

/** Names of losses among some. */
export function hasLoss({ terms }: Pick<Findings, "terms">, ...names: readonly string[]): boolean {
  return terms.some(({ loss }) => names.includes(String(loss)));
}
