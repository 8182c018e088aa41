import { lossNamed } from "../losses/index.js";
import { asksTeacher, type LossNeed } from "../losses/loss.js";
import type { DistillTerm } from "../recipe/schema.js";

/** Everything that terms need. */
export function needsOf(terms: readonly DistillTerm[]): ReadonlySet<LossNeed> {
  return new Set(terms.flatMap((term) => lossNamed(String(term.loss)).needs));
}

/** Whether any term looks at the teacher. */
export function needsTeacher(terms: readonly DistillTerm[]): boolean {
  return terms.some(({ loss }) => asksTeacher(lossNamed(String(loss))));
}

/** Whether any term looks inside of the teacher, so that stored answers are not enough. */
export function needsLiveTeacher(terms: readonly DistillTerm[]): boolean {
  const needs = needsOf(terms);
  return needsTaps(terms) || needs.has("linear heads") || needs.has("input gradients");
}

/** Whether any term looks inside of a network, which may lack what it looks for. */
export function looksInside(terms: readonly DistillTerm[]): boolean {
  return needsLiveTeacher(terms) || needsOf(terms).has("student features");
}

/** Whether any term taps pairs of values by name. */
export function needsTaps(terms: readonly DistillTerm[]): boolean {
  const needs = needsOf(terms);
  return needs.has("features") || needs.has("pairs of features");
}
