import { batchesOf, createBatchTarget, fillBatch, sequentialOrder } from "../data/batches.js";
import { type Split, sampleName, splitLabels } from "../data/dataset.js";
import { areBytes } from "../data/samples/samples.js";
import { drawAtMost } from "../data/split.js";
import { type Answers, answersOf } from "./answers.js";
import { measureCalibration } from "./calibration.js";
import { type Asked, confidentMistakes } from "./churn.js";
import type { EvaluatedModel, EvaluationEvent, EvaluationSettings, ModelCost, Robustness } from "./evaluation.js";
import { FileModel, type FileModelSource } from "./file-model/file-model.js";
import { costSteps, measureCost } from "./model-cost.js";
import { EvaluationProgress } from "./progress.js";
import { measureRobustness, ROBUSTNESS_PASSES } from "./robustness.js";
import { type Scores, score } from "./scores.js";

/** Samples of a batch when models answer. */
const BATCH = 32;
/** Samples by which a model's kind of answers is told. */
const TRIED = 8;
/** Images that are changed for robustness, drawn where there are more. */
const ROBUSTNESS_SAMPLES = 1000;

export interface MeasureOptions extends EvaluationSettings {
  /** Place of the reference among the models. */
  readonly reference: number;
  readonly signal: AbortSignal;
  readonly emit: (event: EvaluationEvent) => void;
}

/**
 * Measures models on the same samples.
 * @throws LimbeckError FILE_MISSING, FILE_UNREADABLE, MODEL_FAILED, MODEL_MISMATCH
 * @throws the signal's reason once it is aborted
 */
export async function measureModels(
  sources: readonly FileModelSource[],
  split: Split,
  options: MeasureOptions,
): Promise<EvaluatedModel[]> {
  const { signal, emit, skip, seed } = options;
  const progress = new EvaluationProgress(emit, signal);
  const changesImages = !skip.includes("robustness") && isPictured(split);
  emit({ type: "evaluation-start", phases: phasesOf(sources, { changesImages, isTimed: !skip.includes("cost") }) });
  const models: FileModel[] = [];
  try {
    // All are opened before any is asked at length: what is wrong with the last one shows at once.
    await progress.phase("open", "models", sources.length, async (at) => {
      for (const source of sources) await at(models.push(await openModel(source, split, options.threads)));
    });
    const answers: Answers[] = [];
    for (const [m, model] of models.entries()) answers.push(await answerAll(model, m, split, progress));
    const asked = { labels: splitLabels(split), classes: split.dataset.classes, indices: split.indices };
    const scores = await progress.phase("statistics", "draws", options.resamples, (at) =>
      score(answers, asked, { ...options, onResample: at }),
    );
    const robustness = changesImages ? await robustnessOf(models, split, seed, progress) : undefined;
    const costs: ModelCost[] = [];
    for (const [m, model] of skip.includes("cost") ? [] : models.entries()) {
      const cost = (at: (step: number) => Promise<void>) => measureCost(model, split.dataset, options, signal, at);
      costs.push(await progress.phase(`cost-${m}`, "parts", costSteps(options), cost));
    }
    return models.map((model, m) =>
      gather(model, m, { answers, asked, scores, robustness, costs, reference: options.reference, seed }),
    );
  } finally {
    for (const model of models) await model.release();
  }
}

/** Whether there are images of bytes, which can be changed. */
function isPictured({ dataset }: Split): boolean {
  return sampleName(dataset) === "image" && areBytes(dataset.pixels);
}

function phasesOf(sources: readonly FileModelSource[], parts: { changesImages: boolean; isTimed: boolean }) {
  return [
    { id: "open", label: "models are opened" },
    ...sources.map(({ name }, m) => ({ id: `answers-${m}`, label: `${name} answers` })),
    { id: "statistics", label: "statistics" },
    ...(parts.changesImages ? [{ id: "robustness", label: "robustness" }] : []),
    ...(parts.isTimed ? sources.map(({ name }, m) => ({ id: `cost-${m}`, label: `${name} is timed` })) : []),
  ];
}

async function openModel(source: FileModelSource, split: Split, threads: number): Promise<FileModel> {
  const { dataset, indices } = split;
  const count = Math.min(TRIED, indices.length);
  const target = createBatchTarget(dataset, count);
  fillBatch(split, sequentialOrder(indices.length), 0, count, target);
  return FileModel.open(source, dataset, dataset.classes.length, target.images, threads);
}

function answerAll(model: FileModel, m: number, split: Split, progress: EvaluationProgress): Promise<Answers> {
  const { dataset, indices } = split;
  const [size, classes] = [indices.length, dataset.classes.length];
  return progress.phase(`answers-${m}`, "samples", size, async (at) => {
    const logits = new Float32Array(size * classes);
    for (const { first, count, images } of batchesOf(split, BATCH)) {
      logits.set(await model.logits(images, count), first * classes);
      await at(first + count);
    }
    return answersOf(logits, classes);
  });
}

function robustnessOf(models: readonly FileModel[], split: Split, seed: number, progress: EvaluationProgress) {
  const size = Math.min(ROBUSTNESS_SAMPLES, split.indices.length);
  const some = drawAtMost(split, ROBUSTNESS_SAMPLES, seed);
  return progress.phase("robustness", "images", size * ROBUSTNESS_PASSES, (at) =>
    measureRobustness(models, some, seed, at),
  );
}

interface Found {
  readonly answers: readonly Answers[];
  readonly asked: Asked;
  readonly scores: readonly Scores[];
  readonly robustness: readonly Robustness[] | undefined;
  readonly costs: readonly ModelCost[];
  readonly reference: number;
  readonly seed: number;
}

function gather(model: FileModel, m: number, found: Found): EvaluatedModel {
  const { answers, asked, scores, robustness, costs, reference, seed } = found;
  const { task, comparison } = scores[m]!;
  const predictions = {
    logits: answers[m]!.logits,
    classes: asked.classes.length,
    labels: Uint8Array.from(asked.labels),
  };
  return {
    name: model.name,
    path: model.path,
    sha256: model.sha256,
    answers: model.answers,
    task,
    calibration: measureCalibration(predictions, seed),
    comparison,
    mistakes: confidentMistakes(answers[m]!, answers[reference]!, asked),
    robustness: robustness?.[m] ?? null,
    cost: costs[m] ?? null,
  };
}
