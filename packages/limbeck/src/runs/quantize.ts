import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import type { Split } from "../data/dataset.js";
import { drawAtMost } from "../data/split.js";
import type { EvaluationEvent } from "../evaluate/evaluation.js";
import type { FileModelOptions } from "../evaluate/file-model/interface.js";
import {
  type CalibrationChoice,
  type FormatChoice,
  type FormatOption,
  QUANTIZED_FORMATS,
  type QuantizedFormatName,
  quantizedFormat,
} from "../quantize/formats.js";
import type { QuantizationRecord } from "../quantize/quantization.js";
import { quantizeModel } from "../quantize/quantize-model.js";
import { readRecipe } from "../recipe/parse.js";
import type { Recipe } from "../recipe/schema.js";
import { LimbeckError } from "../support/errors.js";
import { isFolder } from "../support/files.js";
import { modelSha256, readModelFile } from "../support/model-file.js";
import { environment } from "./environment.js";
import { fetchedRecipe } from "./fetched.js";
import { RunFolder } from "./folder.js";
import { loadSamples } from "./samples.js";
import { limbeckVersion } from "./versions.js";

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
 * @throws LimbeckError OPTION_INVALID where there are no samples and an option needs some, and for options that the format does
 *   not heed; FILE_MISSING, FILE_UNREADABLE, MODEL_FAILED, MODEL_MISMATCH, and what loading data throws
 * @throws GraphError MODEL_INVALID, MODEL_UNSUPPORTED, OPTION_INVALID
 */
export async function quantizeFile(
  path: string,
  options: QuantizeOptions,
): Promise<{ readonly model: Uint8Array; readonly report: QuantizationRecord }> {
  const { data, to, samples = 128, heldOut = 512, model, threads = availableParallelism() } = options;
  const signal = options.signal ?? new AbortController().signal;
  requireHeeded(options);
  if (data === undefined) requireNoSamples(options);
  const { bytes, externalData } = readModelFile(path);
  const recipe = data === undefined ? undefined : await recipeOf(data, signal);
  const split = recipe && (await loadSamples(recipe, signal));
  const some = (part: Split, most: number) => drawAtMost(part, most, recipe!.seed);
  const source = { name: "the model", path, options: model ?? (recipe ? asTeacher(recipe, path) : {}) };
  const { model: quantized, report } = await quantizeModel(source, bytes, {
    ...options,
    to,
    externalData,
    threads,
    signal,
    seed: recipe?.seed,
    emit: options.onEvent ?? (() => {}),
    ...(split ? { calibration: some(split.train, samples), held: some(split.test, heldOut) } : {}),
  });
  const record: QuantizationRecord = {
    ...report,
    file: { path, sha256: modelSha256({ bytes, externalData }, []) },
    data: split?.source ?? null,
    options: givenOptions(options),
    environment: { limbeck: limbeckVersion(), ...environment() },
  };
  return { model: quantized, report: record };
}

/** Options of formats that were given, and are not what they are without being given. */
function givenOptions(options: QuantizeOptions): QuantizationRecord["options"] {
  const names = new Set<FormatOption>(QUANTIZED_FORMATS.flatMap(({ heeds }) => [...heeds]));
  const given = [...names].map((name) => [name, options[name]] as const);
  return Object.fromEntries(
    given.flatMap(([name, value]) => (value === undefined || value === (name === "perChannel") ? [] : [[name, value]])),
  );
}

/** An option that changes nothing would be believed to. */
function requireHeeded(options: QuantizeOptions): void {
  const { heeds } = quantizedFormat(options.to);
  const given = givenOptions(options);
  for (const [name, value] of Object.entries(given)) {
    if (heeds.includes(name as FormatOption)) continue;
    const others = QUANTIZED_FORMATS.filter((format) => (format.heeds as readonly string[]).includes(name));
    throw new LimbeckError("OPTION_INVALID", `${options.to} does not heed ${name}`, {
      where: name,
      value,
      fix: `Leave it out, or choose a format that does: ${others.map((format) => format.name).join(", ")}.`,
    });
  }
  const { percentile, method } = options;
  if (percentile === undefined) return;
  if (method === "percentile" && percentile > 0 && percentile <= 100) return;
  throw new LimbeckError("OPTION_INVALID", `percentile ${percentile} with the method ${method ?? "minmax"}`, {
    where: "percentile",
    value: percentile,
    fix: "Give a number above 0, up to 100, and the method percentile.",
  });
}

/** @throws LimbeckError OPTION_INVALID */
function requireNoSamples({ to, maxDrop, samples, heldOut }: QuantizeOptions): void {
  const needs = [
    [quantizedFormat(to).calibrated ? to : undefined, "data", `${to} finds ranges from samples, and there are none`],
    [maxDrop, "maxDrop", "how many answers change is not known without samples"],
    [samples, "samples", "there is nothing that samples could be taken of"],
    [heldOut, "heldOut", "there is nothing that samples could be taken of"],
  ] as const;
  const need = needs.find(([value]) => value !== undefined);
  if (!need) return;
  const [value, where, message] = need;
  throw new LimbeckError("OPTION_INVALID", message, {
    where,
    value,
    fix: "Name a recipe or run folder with samples of the kind that the model is for: --data recipe.yaml.",
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
