import { hashFile } from "../data/published.js";
import { type DonorShapes, giftsOf, shapesOf, withGifts } from "../imported/donation.js";
import { readDonor } from "../imported/donor-file.js";
import { type InitialOptions, TEACHER_DONOR } from "../imported/initial-options.js";
import type { Model, ModelValues } from "../models/model.js";
import type { Recipe } from "../recipe/schema.js";
import { armsOf, isTaughtByChain } from "./arms.js";
import { linksOf } from "./chain.js";
import { modelFor } from "./context.js";
import type { RunFolder } from "./folder.js";
import { located } from "./located.js";
import { requireSameNetwork } from "./networks.js";
import type { RunSamples } from "./samples.js";
import type { RunTeacher } from "./teacher.js";

const PLACE = { path: ["student", "initial"], where: "student.initial" };

/** A network and its numbers. */
interface Trained {
  readonly model: Model;
  readonly parameters: ModelValues;
}

/** A student that starts from what a recipe says: a donor's numbers, or those of its seed. @param teacher whom it learns from */
export function startingModel(model: Model, initial: InitialOptions | undefined, teacher: Trained | undefined): Model {
  if (!initial) return model;
  if (initial.from === TEACHER_DONOR) {
    return withGifts(model, giftsOf(model, shapesOf(teacher!.model), initial), teacher!.parameters);
  }
  const { shapes, values } = readDonor(initial.from);
  return withGifts(model, giftsOf(model, shapes, initial), values);
}

/**
 * Finds what of a student cannot start from its donor, before anything is trained; a file must be that which the run began with.
 * @throws LimbeckError MODEL_MISMATCH with line and column in the run folder's recipe, RUN_INVALID, FILE_MISSING, FILE_UNREADABLE
 * @throws GraphError MODEL_INVALID, MODEL_UNSUPPORTED
 */
export async function checkInitial(
  folder: RunFolder,
  recipe: Recipe,
  samples: RunSamples,
  teacher: RunTeacher | undefined,
): Promise<void> {
  const { initial, model } = recipe.student;
  if (!initial) return;
  const student = modelFor({ samples }, model);
  for (const donor of await donorsOf(folder, recipe, samples, teacher, initial)) {
    await located(folder, PLACE, () => giftsOf(student, donor, initial));
  }
}

/** All networks that a student of the recipe may start from. */
async function donorsOf(
  folder: RunFolder,
  recipe: Recipe,
  samples: RunSamples,
  teacher: RunTeacher | undefined,
  { from }: InitialOptions,
): Promise<DonorShapes[]> {
  if (from !== TEACHER_DONOR) {
    const { shapes } = readDonor(from);
    requireSameNetwork(folder, `${PLACE.where}.from`, from, await hashFile(from));
    return [shapes];
  }
  const links = linksOf(recipe);
  const teachers = armsOf(recipe).flatMap((arm) => {
    if (!arm.initial) return [];
    const last = isTaughtByChain(arm) ? links.at(-1) : undefined;
    return [last ? modelFor({ samples }, last.model) : teacher!.model];
  });
  return [...new Set(teachers)].map(shapesOf);
}
