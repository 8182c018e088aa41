import { ANSWER } from "../losses/answer-tap.js";
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

/** Whether any term looks at the teacher's answers. */
export function needsAnswers(terms: readonly DistillTerm[]): boolean {
  const needs = needsOf(terms);
  return needs.has("teacher logits") || needs.has("input gradients") || teacherTaps(terms).includes(ANSWER);
}

/** Whether any term looks inside of the teacher, so that stored answers are not enough. */
export function needsLiveTeacher(terms: readonly DistillTerm[]): boolean {
  return teacherTaps(terms).some((tap) => tap !== ANSWER) || needsEnds(terms);
}

/** Whether any term looks inside of a network, which may lack what it looks for. */
export function looksInside(terms: readonly DistillTerm[]): boolean {
  return needsTaps(terms) || needsEnds(terms) || needsOf(terms).has("student features");
}

function needsEnds(terms: readonly DistillTerm[]): boolean {
  const needs = needsOf(terms);
  return needs.has("linear heads") || needs.has("input gradients");
}

/** What terms tap in the teacher. */
function teacherTaps(terms: readonly DistillTerm[]): unknown[] {
  return terms.flatMap((term) => (needsTaps([term]) ? [term.teacher].flat() : []));
}

/** Whether any term taps pairs of values by name. */
export function needsTaps(terms: readonly DistillTerm[]): boolean {
  const needs = needsOf(terms);
  return needs.has("features") || needs.has("pairs of features");
}
