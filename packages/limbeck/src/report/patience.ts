import type { Comparison, Verdict } from "../evaluate/results.js";
import { mean } from "../evaluate/statistics.js";
import type { ReportData } from "./data.js";
import { fewerErrors, noise, shown } from "./difference.js";
import { count } from "./format.js";

/** A schedule and what came of it. */
export interface Schedule extends Comparison {
  readonly epochs: number;
  readonly main: boolean;
}

type Judged = Schedule & { readonly verdict: Verdict };

/** The main run and the variants that only train shorter or longer, shortest first; none where it stands alone. */
export function schedules({ results, epochs }: ReportData): readonly Schedule[] {
  const others = results.variants.filter(({ onlyEpochsDiffer }) => onlyEpochsDiffer);
  if (others.length === 0) return [];
  const all = [{ ...results, epochs, main: true }, ...others.map((variant) => ({ ...variant, main: false }))];
  return all.sort((a, b) => a.epochs - b.epochs);
}

/** What the shortest and the longest schedule show, in sentences that hold whichever way the figures fall. */
export function patienceFindings(all: readonly Schedule[]): readonly string[] {
  const judged = all.filter((schedule): schedule is Judged => schedule.verdict !== null);
  const [first, last] = [judged[0], judged.at(-1)];
  if (first === undefined || last === undefined || first.epochs === last.epochs) return [ownErrors(all)];
  return [
    `With ${count(first.epochs)} epochs the student made ${against(first)}. ` +
      `With ${count(last.epochs)} epochs it made ${against(last)}.`,
    conclusion(first, last),
  ];
}

/** Whether stopping at the shortest schedule would have meant a worse student and a wrong opinion of distillation. */
export function patienceMattered(all: readonly Schedule[]): boolean {
  const [first, last] = [all[0], all.at(-1)];
  if (!first?.verdict || !last?.verdict) return false;
  const better = shown(meanErrors(last)) < shown(meanErrors(first));
  return better && shown(last.verdict.difference) > Math.max(shown(first.verdict.difference), 0);
}

function against({ verdict }: Judged): string {
  return `${fewerErrors(verdict.difference)} the baseline (${noise(verdict)})`;
}

function conclusion(first: Judged, last: Judged): string {
  const before = shown(first.verdict.difference);
  const after = shown(last.verdict.difference);
  const caution = last.verdict.significant ? "" : " On this evidence that may still be chance.";
  if (after > 0 && before <= 0) return `On average, distillation paid off only on the long schedule.${caution}`;
  if (after > 0 && after > before)
    return `On average, distillation helped on both schedules, and more on the long one.${caution}`;
  if (after > 0)
    return "On average, distillation helped on both schedules; here, more epochs did not add to its advantage.";
  if (before > 0)
    return "Here the advantage of distillation did not outlast the short schedule: with more epochs the baseline caught up.";
  return "On average, distillation helped on neither schedule.";
}

function ownErrors(all: readonly Schedule[]): string {
  const parts = all.map((schedule) => `${count(meanErrors(schedule))} errors after ${count(schedule.epochs)} epochs`);
  return `The student made ${parts.join(", ")}. Without a baseline for them, what distillation did to that cannot be told.`;
}

function meanErrors({ student }: Comparison): number {
  return mean(student.errors);
}
