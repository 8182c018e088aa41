import type { ImageDataset } from "../data/dataset.js";
import { toOnnxModel, toSingleOnnxModel } from "../models/inference.js";
import type { Model, ModelValues } from "../models/model.js";
import { placeInRecipe, problemInRecipe } from "../recipe/parse.js";
import { recipeError } from "../recipe/problem.js";
import type { Recipe } from "../recipe/schema.js";
import { ownershipFindings } from "../recipe/specialists.js";
import { hasClasses } from "../recipe/tasks/index.js";
import type { LiveTeacher } from "../schemes/live-teacher.js";
import { LimbeckError } from "../support/errors.js";
import { isBlackBox } from "../teachers/black-box/options.js";
import type { BlackBox } from "../teachers/black-box/source.js";
import { combineByLabels } from "../teachers/ensemble/correctness.js";
import { ensembleModel, ensembleValues, sideBySide } from "../teachers/ensemble/model.js";
import { openEmbedder } from "../teachers/onnx/embedder.js";
import { type OnnxTeacher, openOnnxTeacher } from "../teachers/onnx/teacher.js";
import { mergedModel } from "../teachers/specialists/model.js";
import { type Specialists, widthOfAnswers } from "../teachers/specialists/options.js";
import { boxVoice, ownVoice, type Voice } from "../teachers/voice.js";
import { armsOf } from "./arms.js";
import { linksOf } from "./chain.js";
import { modelFor } from "./context.js";
import type { RunFolder } from "./folder.js";
import { type Member, membersOf } from "./members.js";
import { type RunSamples, samplesOf } from "./samples.js";

/** A teacher whose network is known, but which need not have been trained. */
export interface OpenMember extends Member {
  readonly model: Model;
  /** Missing where the run trains it. */
  readonly given: OnnxTeacher | undefined;
}

/** What students of a run learn from, before anything is trained. */
export interface RunTeacher {
  readonly members: readonly OpenMember[];
  /** The only member's, or that of all together: answers with logits of all classes. */
  readonly model: Model;
  /** As it is in students' training graphs, where specialists' answers stand side by side. */
  readonly live: LiveTeacher;
}

/** A teacher that answers. */
export interface ReadyTeacher {
  readonly model: Model;
  /** None where the model brings its numbers along. */
  readonly parameters: ModelValues;
  /** Missing where it is a black box. */
  readonly file: Uint8Array | undefined;
  readonly voice: Voice;
  /** As it is in students' training graphs, with its numbers. */
  readonly live: LiveTeacher;
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
  const specialists = specialistsOf(recipe);
  if (specialists) {
    const model = mergedModel(models, specialists, samples.train.dataset.classes.length);
    return { members, model, live: { model: sideBySide(models), specialists } };
  }
  const model = "ensemble" in teacher ? ensembleModel(models, teacher) : models[0]!;
  return { members, model, live: { model, width: members[0]!.given?.width } };
}

/** A network that nobody sees: it is asked outside of graphs. */
const BLACK_BOX: Model = {
  family: "black box",
  parameters: [],
  buffers: [],
  forward: () => {
    throw new TypeError("a black box has no graph");
  },
};

function built({ choice, owns }: Member, samples: RunSamples): Model {
  if (isBlackBox(choice)) return BLACK_BOX;
  if ("onnx" in choice) throw new TypeError("the teacher is an ONNX file");
  return modelFor({ samples: owns ? samplesOf(samples, owns) : samples }, choice.model);
}

function specialistsOf({ teacher }: Recipe): Specialists | undefined {
  if (!teacher || !("specialists" in teacher)) return undefined;
  return { owns: teacher.specialists.map(({ owns }) => owns), route: teacher.route };
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
  requireOwners(folder, recipe, dataset);
  const learners = [...armsOf(recipe), ...linksOf(recipe)];
  const batches = learners.map((learner) => learner.train.batchSize);
  const members = membersOf(recipe);
  const given = new Map<number, OnnxTeacher>();
  for (const [place, member] of members.entries()) {
    const { choice, owns } = member;
    if (!("onnx" in choice)) continue;
    const prefix = members.length > 1 ? `teacher/member${place}/` : "teacher/";
    const opened = await about(folder, member, () =>
      hasClasses(recipe)
        ? openOnnxTeacher(choice, dataset, (owns ?? dataset.classes).length, batches, {
            prefix,
            whose: owns && "it owns",
            names: owns?.map((label) => dataset.classes[label]!) ?? dataset.classes,
          })
        : openEmbedder(choice, dataset, batches, { prefix }),
    );
    given.set(place, opened);
  }
  return teacherOf(recipe, samples, given);
}

/** Once the data are there, it is known which classes there are. @throws LimbeckError RECIPE_INVALID */
function requireOwners(folder: RunFolder, recipe: Recipe, { classes }: ImageDataset): void {
  const specialists = specialistsOf(recipe);
  const findings = specialists ? ownershipFindings(specialists.owns, classes.length) : [];
  if (findings.length === 0) return;
  const file = folder.file("recipe.yaml");
  const problems = findings.map((finding) => problemInRecipe(file, finding));
  throw recipeError("RECIPE_INVALID", problems, `The data have ${classes.length} classes, counted from 0.`);
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
  const isMany = options !== undefined && ("ensemble" in options || "specialists" in options);
  if (!isMany) return ready[0]!;
  const { model } = teacher;
  const parameters = ensembleValues(ready.map((member) => member.parameters));
  const isSingle = teacher.members.some(({ given }) => given?.isSingle);
  const exported = (whole: Model) => (isSingle ? toSingleOnnxModel : toOnnxModel)(whole, dataset, parameters);
  const file = exported(model);
  const live: LiveTeacher = { ...teacher.live, values: parameters };
  if (live.specialists) {
    const members = exported(live.model);
    const voice = { ...ownVoice(members), width: widthOfAnswers(live.specialists) };
    return { model, parameters, file, voice, live };
  }
  if (!("combine" in options && options.combine === "correctness")) {
    return { model, parameters, file, voice: ownVoice(file), live };
  }
  const members = exported(sideBySide(ready.map((member) => member.model)));
  return { model, parameters, file, voice: labelledVoice(members, dataset, options.temperature), live };
}

/** A network that speaks for itself. @param width of its answers, where those are not logits of all classes */
export function aloneTeacher(model: Model, parameters: ModelValues, file: Uint8Array, width?: number): ReadyTeacher {
  const voice = width === undefined ? ownVoice(file) : { ...ownVoice(file), width };
  return { model, parameters, file, voice, live: { model, width, values: parameters } };
}

/** A teacher that is only asked. */
export function askedTeacher(model: Model, box: BlackBox): ReadyTeacher {
  return { model, parameters: {}, file: undefined, voice: boxVoice(box), live: { model } };
}

/** Members whose answers are weighed by labels. */
function labelledVoice(members: Uint8Array, { classes, labels }: ImageDataset, temperature: number): Voice {
  return {
    file: members,
    identity: Buffer.concat([members, Buffer.from(`correctness ${temperature} `), labels]),
    logitsOf: (answers, own) => combineByLabels(answers, own, classes.length, temperature),
  };
}
