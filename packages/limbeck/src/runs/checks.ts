import type { Split } from "../data/dataset.js";
import type { Model } from "../models/model.js";
import type { Recipe } from "../recipe/schema.js";
import { OFFLINE } from "../recipe/schemes/index.js";
import { deployment } from "../schemes/deployment.js";
import { wirings } from "../schemes/index.js";
import type { LiveTeacher } from "../schemes/live-teacher.js";
import { needsTeacher } from "../schemes/needs.js";
import { LimbeckError } from "../support/errors.js";
import { type Arm, armId, armsOf, isPretrained, isTaughtByChain } from "./arms.js";
import { linksOf } from "./chain.js";
import { modelFor } from "./context.js";
import { membersOf } from "./members.js";
import { absentClasses, drawTransferSet, labelledPart, type RunSamples, samplesOfArm } from "./samples.js";
import { teacherOf } from "./teacher.js";
import { compressedStudent } from "./trainings.js";

/**
 * Finds what cannot work before anything is trained: models that do not take the images, transfer sets that the data do
 * not yield, corrections without anything to correct, warm-ups longer than training, taps that are not there or do not fit.
 * @param teacher as it is in training graphs; by default that of a teacher that the run trains
 * @throws LimbeckError RECIPE_INVALID, DATA_TOO_SMALL, TAP_UNKNOWN, FEATURE_MISMATCH, TEACHER_MISMATCH
 */
export function checkArms(
  recipe: Recipe,
  samples: RunSamples,
  teacher: LiveTeacher | undefined = teacherOf(recipe, samples)?.live,
): void {
  for (const { where, choice } of membersOf(recipe)) {
    if ("train" in choice) checkWarmUp(`${where}.train.warmupEpochs`, choice.train);
  }
  const last = checkLinks(recipe, samples, teacher);
  const student = modelFor({ samples }, recipe.student.model);
  for (const arm of armsOf(recipe)) {
    checkWarmUp(`${armId(arm)}: warmupEpochs`, arm.train);
    checkSchedules(armId(arm), arm);
    const seen = samplesOfArm(samples.train, arm, recipe.seed);
    const split = isPretrained(recipe) && arm.kind === "student" ? labelledPart(seen, arm, recipe.seed) : seen;
    const learner = compressedStudent(student, arm.compression, arm.train, split);
    checkTerms({ student: learner, teacher: isTaughtByChain(arm) ? last : teacher }, arm, split);
    const absent = absentClasses(split);
    if (arm.kind === "student" && arm.variant?.correctBiases) checkCorrection(arm, absent);
  }
}

/** Checks what learns before the students do. @returns the network that they learn from */
function checkLinks(recipe: Recipe, samples: RunSamples, teacher: LiveTeacher | undefined): LiveTeacher | undefined {
  const split = drawTransferSet(samples.train, recipe.data.transfer, recipe.seed);
  return linksOf(recipe).reduce((before, link) => {
    checkWarmUp(`${link.phase}: warmupEpochs`, link.train);
    checkSchedules(link.phase, link);
    const student = modelFor({ samples }, link.model);
    checkTerms({ student, teacher: before }, { ...link, scheme: OFFLINE }, split);
    return { model: deployment(student, link.terms, before, split.dataset).model };
  }, teacher);
}

interface Models {
  readonly student: Model;
  /** Missing where no term asks for one. */
  readonly teacher: LiveTeacher | undefined;
}

function checkTerms(
  { student, teacher }: Models,
  { scheme, terms, train }: Pick<Arm, "scheme" | "terms" | "train">,
  split: Split,
): void {
  const { name, ...options } = scheme;
  wirings[name]!.check({ model: student, split, train, terms, options, liveTeacher: teacher });
}

function checkWarmUp(where: string, { warmupEpochs, epochs }: { warmupEpochs: number; epochs: number }): void {
  if (warmupEpochs <= epochs) return;
  throw new LimbeckError("RECIPE_INVALID", `a warm-up of ${warmupEpochs} epochs does not fit into ${epochs}`, {
    where,
    value: warmupEpochs,
    fix: "Make it shorter than the training.",
  });
}

/** A weight that is still climbing when training ends was never meant. */
function checkSchedules(who: string, { terms, train }: Pick<Arm, "terms" | "train">): void {
  for (const { loss, schedule } of terms) {
    const { kind, epochs = 0 } = (schedule ?? { kind: "constant" }) as { kind: string; epochs?: number };
    if (epochs <= train.epochs) continue;
    throw new LimbeckError("RECIPE_INVALID", `a ${kind} of ${epochs} epochs does not fit into ${train.epochs}`, {
      where: `${who}: distill: ${loss}: schedule.epochs`,
      value: epochs,
      fix: "Make it shorter than the training, or leave it out: it is then a share of the training.",
    });
  }
}

function checkCorrection({ variant, terms }: Arm, absent: readonly number[]): void {
  const where = `variants: ${variant!.name}: correctBiases`;
  if (absent.length === 0) {
    throw new LimbeckError("RECIPE_INVALID", `the transfer set of ${variant!.name} lacks no class`, {
      where,
      fix: "Leave correctBiases out, or some classes with `transfer: { without: [...] }`.",
    });
  }
  if (needsTeacher(terms)) return;
  throw new LimbeckError("RECIPE_INVALID", `${variant!.name} corrects biases by a teacher that no term asks`, {
    where,
    fix: "Distill with a loss that needs the teacher, such as kd.",
  });
}
