import type { Verdict } from "./results.js";
import { mean, spread, welchP } from "./statistics.js";

const SIGNIFICANCE = 0.05;

/** Compares the test errors of student and baseline over seeds. */
export function judge(student: readonly number[], baseline: readonly number[]): Verdict {
  const difference = mean(baseline) - mean(student);
  const relative = mean(baseline) === 0 ? 0 : difference / mean(baseline);
  const pValue = welchP(student, baseline);
  const significant = pValue !== null && pValue < SIGNIFICANCE;
  const verdict = { helped: difference > 0, difference, relative, pValue, significant };
  return { ...verdict, sentence: sentence(student, baseline, verdict) };
}

function sentence(student: readonly number[], baseline: readonly number[], verdict: Omit<Verdict, "sentence">): string {
  const { difference, relative, pValue, significant } = verdict;
  if (difference === 0) {
    return `Distillation made no difference: ${formatErrors(student)} test errors with and without the teacher.`;
  }
  const percent = `${Math.abs(relative * 100).toFixed(Math.abs(relative) < 0.1 ? 1 : 0)}%`;
  const outcome = difference > 0 ? "helped" : "did not help";
  return (
    `Distillation ${outcome}: the student makes ${percent} ${difference > 0 ? "fewer" : "more"} test errors with the ` +
    `teacher (${formatErrors(student)}) than without (${formatErrors(baseline)}), ` +
    `${noiseClause(student.length, pValue, significant)}.`
  );
}

function noiseClause(seeds: number, pValue: number | null, significant: boolean): string {
  if (pValue === null) return "but one seed cannot tell this from noise";
  const p = pValue < 0.001 ? "p < 0.001" : `p = ${pValue.toFixed(3)}`;
  return `${significant ? "beyond" : "within"} the noise of ${seeds} seeds (${p})`;
}

function formatErrors(errors: readonly number[]): string {
  const { mean: center, sd } = spread(errors);
  return sd === null ? String(center) : `${center.toFixed(1)} ± ${sd.toFixed(1)}`;
}
