import type { Verdict } from "./results.js";
import { mean, spread, welchP } from "./statistics.js";

const SIGNIFICANCE = 0.05;

/**
 * Compares the test errors of student and baseline over seeds.
 * @param mentor what the student learned with, and the baseline without
 */
export function judge(student: readonly number[], baseline: readonly number[], mentor = "the teacher"): Verdict {
  const difference = mean(baseline) - mean(student);
  const relative = mean(baseline) === 0 ? 0 : difference / mean(baseline);
  const pValue = welchP(student, baseline);
  const significant = pValue !== null && pValue < SIGNIFICANCE;
  const verdict = { helped: difference > 0, difference, relative, pValue, significant };
  return { ...verdict, sentence: sentence(student, baseline, verdict, mentor) };
}

function sentence(
  student: readonly number[],
  baseline: readonly number[],
  verdict: Omit<Verdict, "sentence">,
  mentor: string,
): string {
  const figures = `(${formatErrors(student)}) than without (${formatErrors(baseline)})`;
  const { difference, pValue, significant } = verdict;
  if (difference === 0) {
    return `Distillation made no difference: ${formatErrors(student)} test errors with ${mentor}, ${formatErrors(baseline)} without.`;
  }
  const change = `${formatChange(verdict, mean(baseline))} test errors with ${mentor} ${figures}`;
  if (pValue !== null && !significant) {
    return `No clear difference: the student makes ${change}, within the noise of ${student.length} seeds (${formatP(pValue)}).`;
  }
  const noise =
    pValue === null
      ? "but the noise is unknown with these seeds"
      : `beyond the noise of ${student.length} seeds (${formatP(pValue)})`;
  return `Distillation ${difference > 0 ? "helped" : "did not help"}: the student makes ${change}, ${noise}.`;
}

/** The change as a share of the baseline's errors, or as a count where the baseline makes none. */
function formatChange({ difference, relative }: Omit<Verdict, "sentence">, baselineMean: number): string {
  const direction = difference > 0 ? "fewer" : "more";
  if (baselineMean === 0) return `${Math.abs(difference).toFixed(1)} ${direction}`;
  return `${Math.abs(relative * 100).toFixed(Math.abs(relative) < 0.1 ? 1 : 0)}% ${direction}`;
}

/** Such as `p = 0.012`. */
export function formatP(p: number): string {
  return p < 0.001 ? "p < 0.001" : `p = ${p.toFixed(3)}`;
}

function formatErrors(errors: readonly number[]): string {
  const { mean: center, sd } = spread(errors);
  return sd === null ? String(center) : `${center.toFixed(1)} ± ${sd.toFixed(1)}`;
}
