import { existsSync } from "node:fs";
import { basename } from "node:path";
import type { ImageDataset, Split } from "../../data/dataset.js";
import { wholeSplit } from "../../data/dataset.js";
import type { FileModelOptions } from "../../evaluate/file-model/interface.js";
import { isEvaluationFile, readEvaluationFile } from "../../recipe/evaluation.js";
import { readRecipe } from "../../recipe/parse.js";
import { OFFLINE } from "../../recipe/schemes/index.js";
import { LimbeckError } from "../../support/errors.js";
import { isFolder } from "../../support/files.js";
import { fetchedRecipe } from "../fetched.js";
import { RunFolder } from "../folder.js";
import { requireSameData } from "../same-data.js";
import { loadSamples } from "../samples.js";

/** Labelled samples in memory, as `evaluateModels` takes them. */
export type LabeledSamples = Pick<
  ImageDataset,
  "name" | "size" | "channels" | "height" | "width" | "classes" | "pixels" | "labels" | "columns"
>;

/** A model to be evaluated: a file, or what it is called and how it is asked. */
export type ModelToEvaluate =
  | string
  | ({ readonly onnx: string; readonly name?: string | undefined } & FileModelOptions);

/** What models are asked about, and which models that brings along. */
export interface EvaluationSubject {
  readonly split: Split;
  /** For people. */
  readonly source: string;
  readonly models: readonly ModelToEvaluate[];
  readonly seed?: number;
  readonly reference?: string | undefined;
}

/** What a run exports, the reference first. */
const EXPORTS = ["teacher", "student", "baseline"] as const;

/**
 * Loads the samples of a run folder, a recipe or an evaluation file: their test part.
 * @throws LimbeckError FILE_MISSING, RUN_INVALID, RECIPE_SYNTAX, RECIPE_INVALID, and what loading data throws
 */
export async function openSubject(data: string | LabeledSamples, signal: AbortSignal): Promise<EvaluationSubject> {
  if (typeof data !== "string") {
    requireLabels(data);
    return { split: wholeSplit(data), source: data.name, models: [] };
  }
  if (isFolder(data)) return ofRun(data, signal);
  if (isEvaluationFile(data)) return ofEvaluationFile(data, signal);
  const recipe = readRecipe(data);
  const { test, source } = await loadSamples(recipe, signal);
  return { split: test, source, models: [], seed: recipe.seed };
}

/** A run's own exports are asked about the samples that it held out. */
async function ofRun(path: string, signal: AbortSignal): Promise<EvaluationSubject> {
  const folder = RunFolder.open(path);
  const recipe = await fetchedRecipe(folder, signal);
  const samples = await loadSamples(recipe, signal);
  requireSameData(folder, samples);
  const models = EXPORTS.filter((name) => existsSync(folder.file(`${name}.onnx`))).map((name) => {
    return { name, onnx: folder.file(`${name}.onnx`) };
  });
  return {
    split: samples.test,
    source: `${samples.source}, test part of ${basename(folder.path)}`,
    models,
    seed: recipe.seed,
  };
}

async function ofEvaluationFile(path: string, signal: AbortSignal): Promise<EvaluationSubject> {
  const { models, reference, ...recipe } = readEvaluationFile(path);
  const { test, source } = await loadSamples({ ...recipe, scheme: OFFLINE }, signal);
  const named = Object.entries(models).map(([name, options]) => ({ name, ...options }));
  return { split: test, source, models: named, seed: recipe.seed, reference };
}

function requireLabels({ name, size, channels, height, width, pixels, labels, classes }: LabeledSamples): void {
  const length = channels * height * width;
  const problem =
    labels.length !== size || pixels.length !== size * length
      ? `${size} samples of ${length} numbers do not fit ${labels.length} labels and ${pixels.length} numbers`
      : labels.some((label) => label >= classes.length)
        ? `a label is not below the number of classes, ${classes.length}`
        : size === 0
          ? "there are no samples"
          : undefined;
  if (problem === undefined) return;
  throw new LimbeckError("DATA_CORRUPT", `${name}: ${problem}`, { where: name, fix: "Correct the samples." });
}
