import { ops, type Tensor } from "@limbeck/graph";
import { lossNamed } from "../losses/index.js";
import type { FeaturePair, LossContext, LossNeed } from "../losses/loss.js";
import type { ForwardResult } from "../models/model.js";
import type { DistillTerm } from "../recipe/schema.js";
import { LimbeckError } from "../support/errors.js";
import { linearHeads } from "./heads.js";
import type { TermStore } from "./store.js";

/** What terms look at: both networks of one graph, and what is fed. */
export interface TermInputs {
  readonly student: ForwardResult;
  /** Missing where no term looks inside of the teacher. */
  readonly teacher?: ForwardResult | undefined;
  readonly labels?: Tensor | undefined;
  readonly teacherLogits?: Tensor | undefined;
  readonly store: TermStore;
}

/** Everything that terms need. */
export function needsOf(terms: readonly DistillTerm[]): ReadonlySet<LossNeed> {
  return new Set(terms.flatMap((term) => lossNamed(String(term.loss)).needs));
}

/** Whether any term looks at the teacher. */
export function needsTeacher(terms: readonly DistillTerm[]): boolean {
  return needsOf(terms).has("teacher logits") || needsLiveTeacher(terms);
}

/** Whether any term looks inside of the teacher, so that stored answers are not enough. */
export function needsLiveTeacher(terms: readonly DistillTerm[]): boolean {
  return needsTaps(terms) || needsOf(terms).has("linear heads");
}

function needsTaps(terms: readonly DistillTerm[]): boolean {
  const needs = needsOf(terms);
  return needs.has("features") || needs.has("pairs of features");
}

/**
 * The terms, each times its weight, by name: the loss's, and its place where a loss occurs twice.
 * @throws LimbeckError TAP_UNKNOWN, FEATURE_MISMATCH
 */
export function weightedTerms(terms: readonly DistillTerm[], inputs: TermInputs): Record<string, Tensor> {
  const named = terms.map((term, i): [string, Tensor] => {
    const isFirst = terms.findIndex(({ loss }) => loss === term.loss) === i;
    const name = isFirst ? `${term.loss}` : `${term.loss}.${i}`;
    return [name, weightedTerm(name, term, inputs)];
  });
  return Object.fromEntries(named);
}

function weightedTerm(name: string, term: DistillTerm, inputs: TermInputs): Tensor {
  const { labels, teacherLogits, student, teacher, store } = inputs;
  const record = lossNamed(String(term.loss));
  const taps = needsTaps([term]);
  const context: LossContext = {
    logits: student.logits,
    labels,
    teacherLogits,
    features: taps ? featuresOf(name, term, inputs) : undefined,
    heads: record.needs.includes("linear heads") ? linearHeads(name, student, teacher!) : undefined,
    store: store.of(name),
  };
  const { loss: _, weight, ...rest } = term;
  const options = record.options.parse(taps ? withoutTaps(rest) : rest);
  const value = saying(name, term, () => record.compute(context, options));
  return weight === 1 ? value : ops.mul(value, Number(weight));
}

function withoutTaps({ student: _, teacher: __, ...options }: Readonly<Record<string, unknown>>): object {
  return options;
}

/** Pairs of what the term taps, in its order. */
function featuresOf(name: string, term: DistillTerm, { student, teacher }: TermInputs): FeaturePair[] {
  const ours = tapped(name, "student", term.student, student);
  const theirs = tapped(name, "teacher", term.teacher, teacher!);
  if (ours.length === theirs.length) return ours.map((tensor, i) => ({ student: tensor, teacher: theirs[i]! }));
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

/** Adds to an error which term it is about. */
function saying<Result>(name: string, { student, teacher }: DistillTerm, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof LimbeckError) || error.where !== undefined) throw error;
    const { code, message, value, fix } = error;
    const taps = student === undefined ? "" : ` (student ${student}, teacher ${teacher})`;
    throw new LimbeckError(code, `${message}${taps}`, {
      where: `distill: ${name}`,
      value,
      ...(fix ? { fix } : {}),
      cause: error,
    });
  }
}
