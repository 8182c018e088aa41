import { availableParallelism } from "node:os";
import { type Split, sampleName } from "../../data/dataset.js";
import { drawAtMost } from "../../data/split.js";
import type { Evaluation, EvaluationEvent, EvaluationPart } from "../../evaluate/evaluation.js";
import { measureModels } from "../../evaluate/measure-models.js";
import { LimbeckError } from "../../support/errors.js";
import { environment } from "../environment.js";
import { limbeckVersion } from "../versions.js";
import { nameModels, placeOfReference } from "./named-models.js";
import { type LabeledSamples, type ModelToEvaluate, openSubject } from "./subject.js";

export interface EvaluateOptions {
  /**
   * What the models are asked about: the path of a recipe or evaluation file, or of a run folder, whose test part is
   * taken; or samples in memory.
   */
  readonly data: string | LabeledSamples;
  /** Models beside those that a run folder or evaluation file brings along, which come first. Default: none. */
  readonly models?: readonly ModelToEvaluate[];
  /** Name of the model that the others are compared with. Default: the evaluation file's, else the first. */
  readonly reference?: string | undefined;
  /** Ask about this many samples, drawn class by class, instead of all. */
  readonly samples?: number | undefined;
  /** Parts that are left out. Default: none. */
  readonly skip?: readonly EvaluationPart[] | undefined;
  /** Default: the recipe's, else 1. */
  readonly seed?: number | undefined;
  /** Draws of the bootstrap. Default 1,000. */
  readonly resamples?: number | undefined;
  /** Threads that models answer with, and that they are timed with beside one. Default: all processors. */
  readonly threads?: number | undefined;
  /** Samples at once, where throughput is measured. Default 32. */
  readonly batch?: number | undefined;
  /** Stops between two batches. */
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: EvaluationEvent) => void) | undefined;
}

/** An evaluation, and the samples that it speaks of. */
export interface EvaluatedSamples {
  readonly evaluation: Evaluation;
  readonly split: Split;
}

/**
 * Compares ONNX classifiers on the same labelled samples: task metrics with 95 % confidence intervals, what each has
 * forgotten of what the reference knows, calibration, robustness and cost. Files are run by ONNX Runtime as they are.
 * @throws LimbeckError MODEL_FAILED, MODEL_MISMATCH, FILE_MISSING, FILE_UNREADABLE, OPTION_INVALID, and what loading data throws
 * @throws the signal's reason once it is aborted
 */
export async function evaluateModels(options: EvaluateOptions): Promise<Evaluation> {
  return (await evaluateSamples(options)).evaluation;
}

/** The same, with the samples. */
export async function evaluateSamples(options: EvaluateOptions): Promise<EvaluatedSamples> {
  const signal = options.signal ?? new AbortController().signal;
  const subject = await openSubject(options.data, signal);
  const models = nameModels([...subject.models, ...(options.models ?? [])]);
  const reference = placeOfReference(models, options.reference ?? subject.reference);
  const settings = settingsOf(options, subject.seed);
  const split = drawAtMost(subject.split, options.samples ?? Number.POSITIVE_INFINITY, settings.seed);
  const emit = options.onEvent ?? (() => {});
  const measured = await measureModels(models, split, { ...settings, reference, signal, emit });
  const { dataset, indices } = split;
  const evaluation: Evaluation = {
    format: 1,
    data: {
      source: subject.source,
      kind: sampleName(dataset),
      samples: indices.length,
      classes: dataset.classes,
    },
    settings,
    reference: models[reference]!.name,
    models: measured,
    environment: {
      limbeck: limbeckVersion(),
      ...environment(),
    },
  };
  return { evaluation, split };
}

function settingsOf(options: EvaluateOptions, seed = 1): Evaluation["settings"] {
  const settings = {
    seed: options.seed ?? seed,
    resamples: options.resamples ?? 1000,
    threads: options.threads ?? availableParallelism(),
    batch: options.batch ?? 32,
  };
  for (const [name, value] of Object.entries(settings)) {
    if (Number.isInteger(value) && value >= (name === "seed" ? 0 : 1)) continue;
    const fix = "Give a whole number.";
    throw new LimbeckError("OPTION_INVALID", `${name} cannot be ${value}`, { where: name, value, fix });
  }
  return { ...settings, skip: options.skip ?? [] };
}
