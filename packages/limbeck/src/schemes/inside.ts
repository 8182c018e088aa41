import type { Tensor } from "@limbeck/graph";
import type { FeaturePair, LossContext } from "../losses/loss.js";
import type { ForwardResult } from "../models/model.js";
import type { DistillTerm } from "../recipe/schema.js";
import { LimbeckError } from "../support/errors.js";
import { linearHeads } from "./heads.js";
import { needsOf, needsTaps } from "./needs.js";
import { normalizationOf } from "./normalization.js";
import type { TermStore } from "./store.js";

/** What one term sees beside answers: what it taps, the ends of both networks, and where it keeps adapters. */
export type InsideOf = (name: string, term: DistillTerm) => Pick<LossContext, "features" | "heads" | "store">;

/**
 * Looks inside of both networks for one term after another.
 * @param teacher missing where no term looks inside of it
 */
export function lookInside(student: ForwardResult, teacher: ForwardResult | undefined, store: TermStore): InsideOf {
  return (name, term) => ({
    store: store.of(name),
    features: needsTaps([term]) ? featuresOf(name, term, student, teacher!) : undefined,
    heads: needsOf([term]).has("linear heads") ? linearHeads(name, student, teacher!) : undefined,
  });
}

/** Pairs of what the term taps, in its order. */
function featuresOf(name: string, term: DistillTerm, student: ForwardResult, teacher: ForwardResult): FeaturePair[] {
  const ours = tapped(name, "student", term.student, student);
  const theirs = tapped(name, "teacher", term.teacher, teacher);
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

function tapped(name: string, side: "student" | "teacher", taps: unknown, { taps: known }: ForwardResult): Tensor[] {
  return [taps].flat().map((tap) => {
    const found = Object.hasOwn(known, String(tap)) ? known[String(tap)] : undefined;
    if (found) return found;
    throw new LimbeckError("TAP_UNKNOWN", `the ${side} has no tap "${tap}"`, {
      where: `distill: ${name}: ${side}`,
      value: tap,
      fix: `Use one of ${Object.keys(known).join(", ")}.`,
    });
  });
}
