import type { Tensor } from "@limbeck/graph";
import { ANSWER } from "../losses/answer-tap.js";
import type { FeaturePair, LossContext, LossStore } from "../losses/loss.js";
import type { ForwardResult } from "../models/model.js";
import type { DistillTerm } from "../recipe/schema.js";
import { LimbeckError } from "../support/errors.js";
import { linearHeads } from "./heads.js";
import { needsOf, needsTaps } from "./needs.js";
import { normalizationOf } from "./normalization.js";
import type { TermStore } from "./store.js";
import { type Tappable, tapped } from "./taps.js";

/** What one term sees beside answers: what it taps, the ends of both networks, and where it keeps adapters. */
export type InsideOf = (
  name: string,
  term: DistillTerm,
) => Pick<LossContext, "features" | "studentFeatures" | "heads" | "store">;

/**
 * Looks inside of both networks for one term after another.
 * @param teacher missing where no term looks at it; its answers alone where none looks inside of it
 */
export function lookInside(student: ForwardResult, teacher: Tappable | undefined, store: TermStore): InsideOf {
  return (name, term) => ({
    store: [term.student].flat().includes(ANSWER) ? withoutAdapters(store.of(name)) : store.of(name),
    features: needsTaps([term]) ? featuresOf(name, term, student, teacher!) : undefined,
    studentFeatures: needsOf([term]).has("student features") ? tappedAll(name, "student", term, student) : undefined,
    heads: needsOf([term]).has("linear heads") ? linearHeads(name, student, teacher!) : undefined,
  });
}

/** What learns behind the student's answer is gone when that is used: the answer itself must become like the teacher's. */
function withoutAdapters(store: LossStore): LossStore {
  return {
    ...store,
    parameter: () => {
      const message =
        "a layer that learns would stand between the student's answer and the teacher's, and is not exported";
      throw new LimbeckError("FEATURE_MISMATCH", message, {
        fix: "Take a student whose answer is as wide as the teacher's with cosine, or fitnets with `regressor: none`; or relations: sp, pkt, rkd-distance.",
      });
    },
  };
}

/** What the term taps on one side, in its order. */
function tappedAll(name: string, side: "student" | "teacher", term: DistillTerm, result: Tappable): Tensor[] {
  return [term[side]].flat().map((tap) => tapped(name, side, String(tap), result));
}

/** Pairs of what the term taps, in its order. */
function featuresOf(name: string, term: DistillTerm, student: Tappable, teacher: Tappable): FeaturePair[] {
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
