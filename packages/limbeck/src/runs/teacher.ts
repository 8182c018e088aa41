import type { ImageDataset } from "../data/dataset.js";
import { toOnnxModel, toSingleOnnxModel } from "../models/inference.js";
import type { Model, ModelValues } from "../models/model.js";
import { placeInRecipe } from "../recipe/parse.js";
import type { Recipe } from "../recipe/schema.js";
import { LimbeckError } from "../support/errors.js";
import { combineByLabels } from "../teachers/ensemble/correctness.js";
import { ensembleModel, ensembleValues, sideBySide } from "../teachers/ensemble/model.js";
import { type OnnxTeacher, openOnnxTeacher } from "../teachers/onnx/teacher.js";
import { ownVoice, type Voice } from "../teachers/voice.js";
import { armsOf } from "./arms.js";
import { linksOf } from "./chain.js";
import { modelFor } from "./context.js";
import type { RunFolder } from "./folder.js";
import { type Member, membersOf } from "./members.js";
import type { RunSamples } from "./samples.js";

/** A teacher whose network is known, but which need not have been trained. */
export interface OpenMember extends Member {
  readonly model: Model;
  /** Missing where the run trains it. */
  readonly given: OnnxTeacher | undefined;
}

/** What students of a run learn from, before anything is trained. */
export interface RunTeacher {
  readonly members: readonly OpenMember[];
  /** The only member's, or that of the ensemble. */
  readonly model: Model;
}

/** A teacher that answers. */
export interface ReadyTeacher {
  readonly model: Model;
  /** None where the model brings its numbers along. */
  readonly parameters: ModelValues;
  readonly file: Uint8Array;
  readonly voice: Voice;
}

/** The networks of a recipe's teachers, where it has any. @param given those that are files, by place */
export function teacherOf(
  recipe: Recipe,
  samples: RunSamples,
  given: ReadonlyMap<number, OnnxTeacher> = new Map(),
): RunTeacher | undefined {
  const { teacher } = recipe;
  if (!teacher) return undefined;
  const members = membersOf(recipe).map((member, place): OpenMember => {
    const file = given.get(place);
    return { ...member, model: file?.model ?? built(member, samples), given: file };
  });
  const models = members.map(({ model }) => model);
  return { members, model: "ensemble" in teacher ? ensembleModel(models, teacher) : models[0]! };
}

function built({ choice }: Member, samples: RunSamples): Model {
  if ("onnx" in choice) throw new TypeError("the teacher is an ONNX file");
  return modelFor({ samples }, choice.model);
}

/**
 * Reads the teachers that a recipe names by their files, which must be those that the run began with.
 * @throws LimbeckError RUN_INVALID, TEACHER_MISMATCH, FILE_MISSING, FILE_UNREADABLE
 */
export async function openTeacher(
  folder: RunFolder,
  recipe: Recipe,
  samples: RunSamples,
): Promise<RunTeacher | undefined> {
  const teacher = await readTeacher(folder, recipe, samples);
  for (const { where, choice, given } of teacher?.members ?? []) {
    if (given && "onnx" in choice) requireSameFile(folder, where, choice.onnx, given.sha256);
  }
  return teacher;
}

/**
 * The same without a look at what the run began with.
 * @throws LimbeckError TEACHER_MISMATCH, FILE_MISSING, FILE_UNREADABLE
 */
export async function readTeacher(
  folder: RunFolder,
  recipe: Recipe,
  samples: RunSamples,
): Promise<RunTeacher | undefined> {
  const { dataset } = samples.train;
  const learners = [...armsOf(recipe), ...linksOf(recipe)];
  const batches = learners.map((learner) => learner.train.batchSize);
  const members = membersOf(recipe);
  const given = new Map<number, OnnxTeacher>();
  for (const [place, member] of members.entries()) {
    const { choice } = member;
    if (!("onnx" in choice)) continue;
    const prefix = members.length > 1 ? `teacher/member${place}/` : "teacher/";
    const opened = await about(folder, member, () =>
      openOnnxTeacher(choice, dataset, dataset.classes.length, batches, prefix),
    );
    given.set(place, opened);
  }
  return teacherOf(recipe, samples, given);
}

/** Adds to an error which of several teachers it is about, and where the run folder's recipe names it. */
async function about<Result>(
  folder: RunFolder,
  { where, path }: Pick<Member, "where" | "path">,
  action: () => Promise<Result>,
): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    if (path.length === 1 || !(error instanceof LimbeckError) || error.where !== "teacher") throw error;
    const { code, message, value, fix } = error;
    const place = placeInRecipe(folder.file("recipe.yaml"), path);
    const named = fix && { fix: fix.replaceAll("teacher.", `${where}.`) };
    throw new LimbeckError(code, `${place} ${where}: ${message}`, { where: place, value, ...named, cause: error });
  }
}

function requireSameFile(folder: RunFolder, where: string, path: string, sha256: string): void {
  const { teacherSha256, memberSha256 } = folder.readRun();
  const isOnly = where === "teacher";
  const known = isOnly ? teacherSha256 : memberSha256?.[where];
  if (known !== undefined && known !== sha256) {
    throw new LimbeckError("RUN_INVALID", `${path} is another file than when the run began`, {
      where: path,
      value: sha256,
      fix: "Bring the old file back, or begin a new run.",
    });
  }
  folder.updateRun(isOnly ? { teacherSha256: sha256 } : { memberSha256: { ...memberSha256, [where]: sha256 } });
}

/** Makes one teacher of members that are trained or were read. */
export function joinMembers(
  { teacher: options }: Recipe,
  dataset: ImageDataset,
  teacher: RunTeacher,
  ready: readonly ReadyTeacher[],
): ReadyTeacher {
  if (!options || !("ensemble" in options)) return ready[0]!;
  const { combine, temperature } = options;
  const parameters = ensembleValues(ready.map((member) => member.parameters));
  const isSingle = teacher.members.some(({ given }) => given?.isSingle);
  const exported = (model: Model) => (isSingle ? toSingleOnnxModel : toOnnxModel)(model, dataset, parameters);
  const file = exported(teacher.model);
  if (combine !== "correctness") return { model: teacher.model, parameters, file, voice: ownVoice(file) };
  const members = exported(sideBySide(ready.map(({ model }) => model)));
  return { model: teacher.model, parameters, file, voice: labelledVoice(members, dataset, temperature) };
}

/** Members whose answers are weighed by labels. */
function labelledVoice(members: Uint8Array, { classes, labels }: ImageDataset, temperature: number): Voice {
  return {
    file: members,
    identity: Buffer.concat([members, Buffer.from(`correctness ${temperature} `), labels]),
    logitsOf: (answers, own) => combineByLabels(answers, own, classes.length, temperature),
  };
}
