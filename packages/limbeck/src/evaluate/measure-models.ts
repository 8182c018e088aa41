import { type Split, splitLabels } from "../data/dataset.js";
import { type Answers, answersOf } from "./answers.js";
import { measureCalibration } from "./calibration.js";
import { type Asked, confidentMistakes } from "./churn.js";
import type { EvaluatedModel, ModelCost, Robustness } from "./evaluation.js";
import type { FileModel, FileModelSource } from "./file-model/file-model.js";
import { type MeasureOptions, ModelPhases } from "./model-phases.js";
import { measureRobustness } from "./robustness.js";
import { type Scores, score } from "./scores.js";

/**
 * Measures classifiers on the same samples.
 * @throws LimbeckError FILE_MISSING, FILE_UNREADABLE, MODEL_FAILED, MODEL_MISMATCH
 * @throws the signal's reason once it is aborted
 */
export async function measureModels(
  sources: readonly FileModelSource[],
  split: Split,
  options: MeasureOptions,
): Promise<EvaluatedModel[]> {
  const { reference, seed, resamples } = options;
  const { classes } = split.dataset;
  const phases = new ModelPhases(sources, split, options);
  try {
    await phases.open(classes.length);
    const ask = (model: FileModel, images: Float32Array, count: number) => model.logits(images, count);
    const logits = await phases.answers(() => classes.length, ask);
    const answers = logits.map((values) => answersOf(values, classes.length));
    const asked = { labels: splitLabels(split), classes, indices: split.indices };
    const scores = await phases.progress.phase("statistics", "draws", resamples, (at) =>
      score(answers, asked, { ...options, onResample: at }),
    );
    const { models } = phases;
    const robustness = await phases.robustness((some, at) => measureRobustness(models, some, seed, at));
    const costs = await phases.costs();
    return models.map((model, m) => gather(model, m, { answers, asked, scores, robustness, costs, reference, seed }));
  } finally {
    await phases.release();
  }
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
