import { availableParallelism } from "node:os";
import { type Split, sampleName } from "../../data/dataset.js";
import { drawAtMost } from "../../data/split.js";
import type { EmbeddingEvaluation } from "../../evaluate/embedding/evaluation.js";
import { type KnownClasses, measureEmbedders } from "../../evaluate/embedding/measure-models.js";
import { neighborPlaces } from "../../evaluate/embedding/places.js";
import { chanceRecall } from "../../evaluate/embedding/retrieval.js";
import type { Evaluation, EvaluationEvent, EvaluationPart } from "../../evaluate/evaluation.js";
import type { FileModelSource } from "../../evaluate/file-model/file-model.js";
import { measureModels } from "../../evaluate/measure-models.js";
import type { MeasureOptions } from "../../evaluate/model-phases.js";
import { embedding } from "../../recipe/tasks/embedding.js";
import { CLASSIFICATION, hasClasses } from "../../recipe/tasks/index.js";
import { LimbeckError } from "../../support/errors.js";
import { environment } from "../environment.js";
import { limbeckVersion } from "../versions.js";
import { nameModels, placeOfReference } from "./named-models.js";
import { type EmbeddedSamples, type LabeledSamples, type ModelToEvaluate, openSubject } from "./subject.js";

export interface EvaluateOptions<Samples = LabeledSamples> {
  /**
   * What the models are asked about: the path of a recipe or evaluation file, or of a run folder, whose test part is
   * taken; or samples in memory.
   */
  readonly data: string | Samples;
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
export interface EvaluatedSamples<Found = Evaluation | EmbeddingEvaluation> {
  readonly evaluation: Found;
  readonly split: Split;
}

/**
 * Compares ONNX classifiers on the same labelled samples: task metrics with 95 % confidence intervals, what each has
 * forgotten of what the reference knows, calibration, robustness and cost. Files are run by ONNX Runtime as they are.
 * @throws LimbeckError MODEL_FAILED, MODEL_MISMATCH, FILE_MISSING, FILE_UNREADABLE, OPTION_INVALID, and what loading data throws
 * @throws the signal's reason once it is aborted
 */
export async function evaluateModels(options: EvaluateOptions): Promise<Evaluation> {
  return evaluateClasses(await prepare(options, CLASSIFICATION.name));
}

/**
 * Compares ONNX models that embed on the same samples: how like the reference's their embeddings are, with 95 % confidence intervals,
 * neighbors and classes, robustness and cost. Files are run by ONNX Runtime as they are.
 * @throws LimbeckError as {@link evaluateModels} does
 * @throws the signal's reason once it is aborted
 */
export async function evaluateEmbeddings(
  options: EvaluateOptions<LabeledSamples | EmbeddedSamples>,
): Promise<EmbeddingEvaluation> {
  return evaluateVectors(await prepare(options, embedding.name));
}

/** The one or the other, by the task that is asked for or that the recipe says, with the samples. */
export async function evaluateSamples(
  options: EvaluateOptions & { readonly task?: string | undefined },
): Promise<EvaluatedSamples> {
  const prepared = await prepare(options, options.task);
  const { split, task } = prepared;
  const isOfClasses = hasClasses({ task: { name: task } });
  return { evaluation: await (isOfClasses ? evaluateClasses(prepared) : evaluateVectors(prepared)), split };
}

async function evaluateClasses(prepared: Prepared): Promise<Evaluation> {
  const { models, split, settings, options } = prepared;
  const { dataset } = split;
  const measured = await measureModels(models, split, { ...settings, ...options });
  return { ...factsOf(prepared, dataset.classes), models: measured };
}

async function evaluateVectors(prepared: Prepared): Promise<EmbeddingEvaluation> {
  const { models, split, settings, options } = prepared;
  const known = knownClasses(split);
  const measured = await measureEmbedders(models, split, known, { ...settings, ...options });
  const samples = neighborPlaces(split, settings.seed).length;
  const retrieval = { samples, chance1: chanceRecall(samples, 1), chance10: chanceRecall(samples, 10) };
  return { ...factsOf(prepared, known?.classes ?? []), task: "embedding", retrieval, models: measured };
}

/** Classes that models are to tell apart, or that are merely known. */
function knownClasses({ dataset, indices }: Split): KnownClasses | undefined {
  const { classes, labels } = dataset.classes.length > 0 ? dataset : (dataset.kinds ?? dataset);
  return classes.length > 1 ? { classes, labels: Array.from(indices, (index) => labels[index]!) } : undefined;
}

/** All that is known before a model is asked. */
interface Prepared {
  readonly task: string;
  readonly models: readonly FileModelSource[];
  readonly split: Split;
  readonly source: string;
  readonly settings: Evaluation["settings"];
  readonly options: Pick<MeasureOptions, "reference" | "signal" | "emit">;
}

async function prepare(
  options: EvaluateOptions<LabeledSamples | EmbeddedSamples>,
  wanted: string | undefined,
): Promise<Prepared> {
  const { signal = new AbortController().signal, onEvent: emit = () => {} } = options;
  const subject = await openSubject(options.data, { task: wanted, signal });
  const models = nameModels([...subject.models, ...(options.models ?? [])]);
  const reference = placeOfReference(models, options.reference ?? subject.reference);
  const settings = settingsOf(options, subject.seed);
  const split = drawAtMost(subject.split, options.samples ?? Number.POSITIVE_INFINITY, settings.seed);
  const { task, source } = subject;
  return { task, models, split, source, settings, options: { reference, signal, emit } };
}

function factsOf({ models, split, source, settings, options }: Prepared, classes: readonly string[]) {
  const { dataset, indices } = split;
  return {
    format: 1 as const,
    data: { source, kind: sampleName(dataset), samples: indices.length, classes },
    settings,
    reference: models[options.reference]!.name,
    environment: { limbeck: limbeckVersion(), ...environment() },
  };
}

function settingsOf(options: Omit<EvaluateOptions, "data">, seed = 1): Evaluation["settings"] {
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
