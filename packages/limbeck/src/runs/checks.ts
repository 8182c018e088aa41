import type { Recipe } from "../recipe/schema.js";
import { needsTeacher } from "../schemes/offline.js";
import { LimbeckError } from "../support/errors.js";
import { type Arm, armId, armsOf } from "./arms.js";
import { absentClasses, drawTransferSet, type RunSamples } from "./samples.js";

/**
 * Finds what cannot work before anything is trained: transfer sets that the data do not yield, corrections without
 * anything to correct, warm-ups and schedules longer than training.
 * @throws LimbeckError RECIPE_INVALID, DATA_TOO_SMALL
 */
export function checkArms(recipe: Recipe, samples: RunSamples): void {
  checkWarmUp("teacher.train.warmupEpochs", recipe.teacher.train);
  for (const arm of armsOf(recipe)) {
    checkWarmUp(`${armId(arm)}: warmupEpochs`, arm.train);
    checkSchedules(arm);
    const absent = absentClasses(drawTransferSet(samples.train, arm.transfer, recipe.seed));
    if (arm.kind === "student" && arm.variant?.correctBiases) checkCorrection(arm, absent);
  }
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
function checkSchedules(arm: Arm): void {
  const { terms, train } = arm;
  for (const { loss, schedule } of terms) {
    const { kind, epochs = 0 } = (schedule ?? { kind: "constant" }) as { kind: string; epochs?: number };
    if (epochs <= train.epochs) continue;
    throw new LimbeckError("RECIPE_INVALID", `a ${kind} of ${epochs} epochs does not fit into ${train.epochs}`, {
      where: `${armId(arm)}: distill: ${loss}: schedule.epochs`,
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
