import type { Tensor } from "@limbeck/graph";
import type { FeaturePair, LossContext } from "../losses/loss.js";
import type { ForwardResult } from "../models/model.js";
import type { DistillTerm } from "../recipe/schema.js";
import { LimbeckError } from "../support/errors.js";
import { linearHeads } from "./heads.js";
import { needsOf, needsTaps } from "./needs.js";
import { normalizationOf } from "./normalization.js";
import type { TermStore } from "./store.js";
import { tapped } from "./taps.js";

/** What one term sees beside answers: what it taps, the ends of both networks, and where it keeps adapters. */
export type InsideOf = (
  name: string,
  term: DistillTerm,
) => Pick<LossContext, "features" | "studentFeatures" | "heads" | "store">;

/**
 * Looks inside of both networks for one term after another.
 * @param teacher missing where no term looks inside of it
 */
export function lookInside(student: ForwardResult, teacher: ForwardResult | undefined, store: TermStore): InsideOf {
  return (name, term) => ({
    store: store.of(name),
    features: needsTaps([term]) ? featuresOf(name, term, student, teacher!) : undefined,
    studentFeatures: needsOf([term]).has("student features") ? tappedAll(name, "student", term, student) : undefined,
    heads: needsOf([term]).has("linear heads") ? linearHeads(name, student, teacher!) : undefined,
  });
}

/** What the term taps on one side, in its order. */
function tappedAll(name: string, side: "student" | "teacher", term: DistillTerm, result: ForwardResult): Tensor[] {
  return [term[side]].flat().map((tap) => tapped(name, side, String(tap), result));
}

/** Pairs of what the term taps, in its order. */
function featuresOf(name: string, term: DistillTerm, student: ForwardResult, teacher: ForwardResult): FeaturePair[] {
  const ours = tappedAll(name, "student", term, student);
  const theirs = tappedAll(name, "teacher", term, teacher);
  const norm = needsOf([term]).has("teacher normalization") ? normalizationOf : () => undefined;
  if (ours.length === theirs.length) {
    return ours.map((student, i) => ({ student, teacher: theirs[i]!, teacherNorm: norm(name, theirs[i]!) }));
  }
  throw new LimbeckError("RECIPE_INVALID", `${name} taps ${ours.length} student and ${theirs.length} teacher values`, {
    where: `distill: ${name}`,
    value: [term.student, term.teacher],
    fix: "Name as many taps of the one as of the other.",
  });
}
