import { compileTraining, createGraph, schedule, type TrainingProgram } from "@limbeck/graph";
import { type Augmenter, createAugmenter, prepareAugmentation } from "../data/augment/index.js";
import { batchesPerEpoch, createBatchTarget, epochOrder, fillBatch } from "../data/batches.js";
import type { Split } from "../data/dataset.js";
import { lossNamed } from "../losses/index.js";
import type { LossContext } from "../losses/loss.js";
import { declareParameters, initialize, type Model } from "../models/model.js";
import type { DistillTerm, TrainOptions } from "../recipe/schema.js";
import type { TeacherSource } from "../teachers/teacher.js";
import type { TrainingJob } from "./job.js";
import { buildOptimizer } from "./optimizers.js";
import { type BuiltTerms, buildTerms } from "./terms.js";

/** What the offline scheme wires together. */
export interface OfflineOptions {
  readonly model: Model;
  readonly split: Split;
  readonly train: TrainOptions;
  readonly terms: readonly DistillTerm[];
  readonly seed: number;
  /** Needed where a term needs the teacher's logits. */
  readonly teacher?: TeacherSource | undefined;
}

/** Whether any term looks at the teacher. */
export function needsTeacher(terms: readonly DistillTerm[]): boolean {
  return terms.some((term) => lossNamed(String(term.loss)).needs.includes("teacher logits"));
}

/**
 * Offline distillation: the teacher is frozen and only answers. Without a term that needs it, this is plain supervised
 * training, which is how teachers and baselines are trained.
 */
export function offlineJob(options: OfflineOptions): TrainingJob {
  const { model, split, train, seed } = options;
  const stepsPerEpoch = batchesPerEpoch(split.indices.length, train.batchSize);
  const totalSteps = stepsPerEpoch * train.epochs;
  const { program, weights } = offlineProgram(options, stepsPerEpoch);
  return {
    model,
    program,
    seed,
    stepsPerEpoch,
    epochs: train.epochs,
    initial: initialize(model, seed),
    learningRate: schedule({
      learningRate: train.learningRate,
      totalSteps,
      decay: train.decay,
      warmupSteps: Math.min(totalSteps, Math.round(train.warmupEpochs * stepsPerEpoch)),
    }),
    feeds: batchFeeds(options, program, stepsPerEpoch, weights),
  };
}

/** Forward pass, weighted sum of terms, gradients and update as one graph. */
function offlineProgram(
  { model, split: { dataset }, train: { batchSize, optimizer, epochs }, terms }: OfflineOptions,
  stepsPerEpoch: number,
): { program: TrainingProgram; weights: BuiltTerms["weights"] } {
  const graph = createGraph();
  const { channels, height, width } = dataset;
  const images = graph.input("images", "float32", [batchSize, channels, height, width]);
  const { logits } = model.forward(images, declareParameters(model, graph), true);
  const needs = new Set(terms.flatMap((term) => lossNamed(String(term.loss)).needs));
  const context: LossContext = {
    logits,
    labels: needs.has("labels") ? graph.input("labels", "int64", [batchSize]) : undefined,
    teacherLogits: needs.has("teacher logits") ? graph.input("teacherLogits", "float32", logits.shape) : undefined,
  };
  const built = buildTerms(graph, terms, context, { epochs, stepsPerEpoch });
  const program = compileTraining({ loss: built.loss, terms: built.terms, optimizer: buildOptimizer(optimizer) });
  return { program, weights: built.weights };
}

/** Fills one batch after another; order and augmentation are drawn anew for each epoch. */
function batchFeeds(
  options: OfflineOptions,
  program: TrainingProgram,
  stepsPerEpoch: number,
  weights: BuiltTerms["weights"],
): TrainingJob["feeds"] {
  const { split, train, seed, teacher } = options;
  const target = createBatchTarget(split.dataset, train.batchSize);
  const samples = new Uint32Array(train.batchSize);
  const soft = program.feeds.find(({ name }) => name === "teacherLogits");
  const teacherLogits = new Float32Array(soft ? soft.shape[0]! * soft.shape[1]! : 0);
  const fed = new Set(program.feeds.map(({ name }) => name));
  const changes = train.augment.map(({ name, ...rest }) => prepareAugmentation(String(name), rest));
  let prepared: { epoch: number; order: Uint32Array; augment: Augmenter | undefined } | undefined;
  const prepare = (epoch: number) => ({
    epoch,
    order: epochOrder(split.indices.length, seed, epoch),
    augment: changes.length > 0 ? createAugmenter(changes, split.dataset, seed, epoch) : undefined,
  });
  return async (step) => {
    const epoch = Math.floor(step / stepsPerEpoch);
    if (prepared?.epoch !== epoch) prepared = prepare(epoch);
    fillBatch(split, prepared.order, step % stepsPerEpoch, train.batchSize, target, prepared.augment);
    if (soft) {
      target.rows.forEach((row, i) => {
        samples[i] = split.indices[row]!;
      });
      await teacher!.answer(target.images, samples, teacherLogits);
    }
    const all = { images: target.images, labels: target.labels, teacherLogits, ...weights(step) };
    return Object.fromEntries(Object.entries(all).filter(([name]) => fed.has(name)));
  };
}
