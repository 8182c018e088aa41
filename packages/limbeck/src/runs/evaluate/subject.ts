import { existsSync } from "node:fs";
import { basename } from "node:path";
import type { ImageDataset, Split } from "../../data/dataset.js";
import { wholeSplit } from "../../data/dataset.js";
import type { FileModelOptions } from "../../evaluate/file-model/interface.js";
import { isEvaluationFile, readEvaluationFile } from "../../recipe/evaluation.js";
import { readRecipe } from "../../recipe/parse.js";
import type { Recipe } from "../../recipe/schema.js";
import { OFFLINE } from "../../recipe/schemes/index.js";
import { CLASSIFICATION, hasClasses, type TaskChoice } from "../../recipe/tasks/index.js";
import { LimbeckError } from "../../support/errors.js";
import { isFolder } from "../../support/files.js";
import { requireClasses } from "../classes-only.js";
import { fetchedRecipe } from "../fetched.js";
import { RunFolder } from "../folder.js";
import { requireSameData } from "../same-data.js";
import { loadSamples } from "../samples.js";
import type { DataRecipe } from "../sources.js";

/** Labelled samples in memory, as `evaluateModels` takes them. */
export type LabeledSamples = Pick<
  ImageDataset,
  "name" | "size" | "channels" | "height" | "width" | "classes" | "pixels" | "labels" | "columns"
>;

/** Samples in memory, as `evaluateEmbeddings` takes them: classes are not needed. */
export type EmbeddedSamples = Omit<LabeledSamples, "classes" | "labels"> &
  (Pick<LabeledSamples, "classes" | "labels"> | { readonly classes?: undefined; readonly labels?: undefined });

/** A model to be evaluated: a file, or what it is called and how it is asked. */
export type ModelToEvaluate =
  | string
  | ({ readonly onnx: string; readonly name?: string | undefined } & FileModelOptions);

/** What models are asked about, and which models that brings along. */
export interface EvaluationSubject {
  /** What the models answer with. */
  readonly task: string;
  readonly split: Split;
  /** For people. */
  readonly source: string;
  readonly models: readonly ModelToEvaluate[];
  readonly seed?: number;
  readonly reference?: string | undefined;
}

/** What a run exports, the reference first. */
const EXPORTS = ["teacher", "student", "baseline"] as const;

/** What is asked for, and until when. */
interface Asked {
  /** What the models answer with. Default: what the recipe says. */
  readonly task: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * Loads the samples of a run folder, a recipe or an evaluation file: their test part.
 * @throws LimbeckError FILE_MISSING, RUN_INVALID, RECIPE_SYNTAX, RECIPE_INVALID, and what loading data throws
 */
export async function openSubject(
  data: string | LabeledSamples | EmbeddedSamples,
  asked: Asked,
): Promise<EvaluationSubject> {
  if (typeof data !== "string") return ofMemory(data, asked);
  if (isFolder(data)) return ofRun(data, asked);
  if (isEvaluationFile(data)) return ofEvaluationFile(data, asked);
  const recipe = readRecipe(data);
  const task = taskOf(recipe, asked);
  const { test, source } = await loadSamples(withoutTeacher(recipe), asked.signal);
  return { task, split: test, source, models: [], seed: recipe.seed };
}

function ofMemory(data: LabeledSamples | EmbeddedSamples, { task = CLASSIFICATION.name }: Asked): EvaluationSubject {
  const { labels = new Uint8Array(data.size), classes = [], ...samples } = data;
  const whole = { ...samples, labels, classes };
  requireWhole(whole, classes.length > 0 || hasClasses({ task: { name: task } }));
  return { task, split: wholeSplit(whole), source: data.name, models: [] };
}

/** What is asked for, else what the recipe says. @throws LimbeckError RECIPE_INVALID where classes are asked for that there are not */
function taskOf(recipe: { readonly task?: TaskChoice | undefined }, { task }: Asked): string {
  const own = recipe.task ?? CLASSIFICATION;
  const fix = "Compare embeddings: `limbeck evaluate` without --task, or `evaluateEmbeddings`.";
  if (task !== undefined && hasClasses({ task: { name: task } })) requireClasses({ task: own }, "this evaluation", fix);
  return task ?? own.name;
}

/** Where there are no classes, a teacher is only asked how many numbers it answers with, which nobody needs here. */
function withoutTeacher(recipe: Recipe): DataRecipe {
  if (hasClasses(recipe)) return recipe;
  const { teacher: _, ...rest } = recipe;
  return rest;
}

/** A run's own exports are asked about the samples that it held out. */
async function ofRun(path: string, asked: Asked): Promise<EvaluationSubject> {
  const folder = RunFolder.open(path);
  const task = taskOf(folder.recipe(), asked);
  const recipe = await fetchedRecipe(folder, asked.signal);
  const samples = await loadSamples(withoutTeacher(recipe), asked.signal);
  requireSameData(folder, samples);
  const models = EXPORTS.filter((name) => existsSync(folder.file(`${name}.onnx`))).map((name) => {
    return { name, onnx: folder.file(`${name}.onnx`) };
  });
  return {
    task,
    split: samples.test,
    source: `${samples.source}, test part of ${basename(folder.path)}`,
    models,
    seed: recipe.seed,
  };
}

async function ofEvaluationFile(path: string, asked: Asked): Promise<EvaluationSubject> {
  const { models, reference, task: own, ...recipe } = readEvaluationFile(path);
  const choice = own === undefined ? {} : { task: { name: own } };
  const task = taskOf(choice, asked);
  const { test, source } = await loadSamples({ ...recipe, ...choice, scheme: OFFLINE }, asked.signal);
  const named = Object.entries(models).map(([name, options]) => ({ name, ...options }));
  return { task, split: test, source, models: named, seed: recipe.seed, reference };
}

function requireWhole(
  { name, size, channels, height, width, pixels, labels, classes }: LabeledSamples,
  hasLabels: boolean,
): void {
  const length = channels * height * width;
  const problem =
    labels.length !== size || pixels.length !== size * length
      ? `${size} samples of ${length} numbers do not fit ${labels.length} labels and ${pixels.length} numbers`
      : hasLabels && labels.some((label) => label >= classes.length)
        ? `a label is not below the number of classes, ${classes.length}`
        : size === 0
          ? "there are no samples"
          : undefined;
  if (problem === undefined) return;
  throw new LimbeckError("DATA_CORRUPT", `${name}: ${problem}`, { where: name, fix: "Correct the samples." });
}
