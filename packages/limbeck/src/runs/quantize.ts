import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import type { Split } from "../data/dataset.js";
import { drawAtMost } from "../data/split.js";
import type { EvaluationEvent } from "../evaluate/evaluation.js";
import type { FileModelOptions } from "../evaluate/file-model/interface.js";
import {
  type CalibrationChoice,
  type FormatChoice,
  type QuantizedFormatName,
  quantizedFormat,
} from "../quantize/formats.js";
import { type QuantizedModel, quantizeModel } from "../quantize/quantize-model.js";
import { readRecipe } from "../recipe/parse.js";
import type { Recipe } from "../recipe/schema.js";
import { LimbeckError } from "../support/errors.js";
import { isFolder } from "../support/files.js";
import { readModelFile } from "../support/model-file.js";
import { fetchedRecipe } from "./fetched.js";
import { RunFolder } from "./folder.js";
import { loadSamples } from "./samples.js";

export interface QuantizeOptions extends Omit<FormatChoice, "only" | "externalData">, CalibrationChoice {
  readonly to: QuantizedFormatName;
  /** Recipe or run folder whose samples tell ranges and differences; int8-static cannot do without. Default: none. */
  readonly data?: string | undefined;
  /** Training samples by which ranges are found. Default 128. */
  readonly samples?: number | undefined;
  /** Test samples on which the result is compared with the original. Default 512. */
  readonly heldOut?: number | undefined;
  /** How the model is fed. Default: as the recipe says of its teacher, where that is this file. */
  readonly model?: FileModelOptions | undefined;
  /** Whether each layer is also quantized alone, to see which hurt. Default `true`. */
  readonly layers?: boolean | undefined;
  /** Share of samples that may be answered differently; layers that hurt most stay as they are until it holds. */
  readonly maxDrop?: number | undefined;
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: EvaluationEvent) => void) | undefined;
}

/**
 * Quantizes an ONNX file and measures what that changed.
 * @throws LimbeckError OPTION_INVALID where there are no samples and the format needs some; FILE_MISSING, FILE_UNREADABLE,
 *   MODEL_FAILED, MODEL_MISMATCH, and what loading data throws
 * @throws GraphError MODEL_INVALID, MODEL_UNSUPPORTED, OPTION_INVALID
 */
export async function quantizeFile(path: string, options: QuantizeOptions): Promise<QuantizedModel> {
  const { data, to, samples = 128, heldOut = 512, model, threads = availableParallelism() } = options;
  const signal = options.signal ?? new AbortController().signal;
  if (data === undefined && quantizedFormat(to).calibrated) {
    throw new LimbeckError("OPTION_INVALID", `${to} finds ranges from samples, and there are none`, {
      where: "data",
      fix: "Name a recipe or run folder with samples of the kind that the model is for: --data recipe.yaml.",
    });
  }
  if (data === undefined && options.maxDrop !== undefined) {
    throw new LimbeckError("OPTION_INVALID", "how many answers change is not known without samples", {
      where: "maxDrop",
      value: options.maxDrop,
      fix: "Name a recipe or run folder: --data recipe.yaml.",
    });
  }
  const { bytes, externalData } = readModelFile(path);
  const recipe = data === undefined ? undefined : await recipeOf(data, signal);
  const split = recipe && (await loadSamples(recipe, signal));
  const some = (part: Split, most: number) => drawAtMost(part, most, recipe!.seed);
  const source = { name: "the model", path, options: model ?? (recipe ? asTeacher(recipe, path) : {}) };
  return quantizeModel(source, bytes, {
    ...options,
    to,
    externalData,
    threads,
    signal,
    emit: options.onEvent ?? (() => {}),
    ...(split ? { calibration: some(split.train, samples), held: some(split.test, heldOut) } : {}),
  });
}

async function recipeOf(data: string, signal: AbortSignal): Promise<Recipe> {
  return isFolder(data) ? fetchedRecipe(RunFolder.open(data), signal) : readRecipe(data);
}

/** How a recipe feeds this very file. */
function asTeacher({ teacher }: Recipe, path: string): FileModelOptions {
  if (!teacher || !("onnx" in teacher) || resolve(teacher.onnx) !== resolve(path)) return {};
  const { onnx: _, sha256: __, classes: ___, ...options } = teacher;
  return options;
}
