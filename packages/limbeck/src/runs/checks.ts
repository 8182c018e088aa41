import type { Split } from "../data/dataset.js";
import { buildModel, type ModelChoice } from "../models/index.js";
import type { Model } from "../models/model.js";
import type { Recipe } from "../recipe/schema.js";
import { wirings } from "../schemes/index.js";
import { needsTeacher } from "../schemes/needs.js";
import { LimbeckError } from "../support/errors.js";
import { type Arm, armId, armsOf, trainsTeacher } from "./arms.js";
import { trainedTeacher } from "./onnx-teacher.js";
import { absentClasses, drawTransferSet, type RunSamples } from "./samples.js";

/**
 * Finds what cannot work before anything is trained: models that do not take the images, transfer sets that the data do
 * not yield, corrections without anything to correct, warm-ups longer than training, taps that are not there or do not fit.
 * @param onnxTeacher the teacher where the run does not train one
 * @throws LimbeckError RECIPE_INVALID, DATA_TOO_SMALL, TAP_UNKNOWN, FEATURE_MISMATCH, TEACHER_MISMATCH
 */
export function checkArms(recipe: Recipe, samples: RunSamples, onnxTeacher?: Model): void {
  const { dataset } = samples.train;
  const build = (choice: unknown) => buildModel(choice as ModelChoice, dataset, dataset.classes.length);
  const trained = trainsTeacher(recipe) ? build(trainedTeacher(recipe).model) : undefined;
  const models = { student: build(recipe.student.model), teacher: onnxTeacher ?? trained };
  if (trained) checkWarmUp("teacher.train.warmupEpochs", trainedTeacher(recipe).train);
  for (const arm of armsOf(recipe)) {
    checkWarmUp(`${armId(arm)}: warmupEpochs`, arm.train);
    checkSchedules(arm);
    const split = drawTransferSet(samples.train, arm.transfer, recipe.seed);
    checkTerms(models, arm, split);
    const absent = absentClasses(split);
    if (arm.kind === "student" && arm.variant?.correctBiases) checkCorrection(arm, absent);
  }
}

interface Models {
  readonly student: Model;
  readonly teacher: Model | undefined;
}

function checkTerms({ student, teacher }: Models, { scheme, terms, train }: Arm, split: Split): void {
  const { name, ...options } = scheme;
  const liveTeacher = teacher && { model: teacher };
  wirings[name]!.check({ model: student, split, train, terms, options, liveTeacher });
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
