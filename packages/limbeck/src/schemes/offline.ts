import {
  compileTraining,
  createGraph,
  type Graph,
  GraphError,
  gradients,
  type Schedule,
  schedule,
  type Tensor,
  type TrainingBuffer,
  type TrainingProgram,
} from "@limbeck/graph";
import { type Augmenter, createAugmenter } from "../data/augment/index.js";
import { batchesPerEpoch, createBatchTarget, epochOrder, fillBatch } from "../data/batches.js";
import type { Split } from "../data/dataset.js";
import { labelShares } from "../losses/labels.js";
import { carriedBuffers, declareTensors, initialize, type Model, type ModelValues } from "../models/model.js";
import type { DistillTerm, TrainOptions } from "../recipe/schema.js";
import { LimbeckError } from "../support/errors.js";
import type { TeacherSource } from "../teachers/teacher.js";
import { deployment } from "./deployment.js";
import { lookInside } from "./inside.js";
import type { TrainingJob } from "./job.js";
import { type LiveTeacher, teacherForward } from "./live-teacher.js";
import { needsLiveTeacher, needsOf } from "./needs.js";
import { buildOptimizer } from "./optimizers.js";
import { PartnerBatches, partnerAnswers } from "./partners.js";
import { saliencyOf } from "./saliency.js";
import { TermStore } from "./store.js";
import { type BuiltTerms, buildTerms } from "./terms.js";
import { transferSet } from "./transfer-set.js";
import { mixedFeeds, mixedLabels, viewMakers } from "./views.js";

/** What the offline scheme wires together. */
export interface OfflineOptions {
  readonly model: Model;
  readonly split: Split;
  readonly train: TrainOptions;
  readonly terms: readonly DistillTerm[];
  readonly seed: number;
  /** Needed where a term needs the teacher's logits, and none looks inside of it. */
  readonly teacher?: TeacherSource | undefined;
  /** Needed where a term looks inside of the teacher: it then runs in the graph, and answers there as well. */
  readonly liveTeacher?: LiveTeacher | undefined;
}

/** What the graph depends on. */
type GraphOptions = Pick<OfflineOptions, "model" | "split" | "train" | "terms" | "liveTeacher">;

/**
 * Builds the graph of a training that looks inside of the teacher, to see whether it can be trained, before a teacher has
 * been: shapes are enough.
 * @throws LimbeckError TAP_UNKNOWN, FEATURE_MISMATCH, RECIPE_INVALID where no term reaches a part of the student
 */
export function checkOffline(options: GraphOptions): void {
  const { loss, parameters } = offlineGraph(options);
  try {
    gradients(loss, parameters);
  } catch (error) {
    if (!(error instanceof GraphError && error.code === "PARAMETER_UNUSED")) throw error;
    throw new LimbeckError("RECIPE_INVALID", `no term of distill trains the student's ${error.value}`, {
      where: "distill",
      value: error.value,
      fix: "Add a term on its answers, such as cross-entropy or kd.",
      cause: error,
    });
  }
}

/**
 * Offline distillation: the teacher is frozen and only answers. Without a term that needs it, this is plain supervised
 * training, which is how teachers and baselines are trained.
 */
export function offlineJob(options: OfflineOptions): TrainingJob {
  const { seed } = options;
  const { store, student, ...parts } = offlineGraph(options);
  const { model, taken } = student;
  return completeJob(model, parts, { ...initialize(model, seed), ...store.initialize(seed), ...taken }, options);
}

/** What a scheme's graph computes. */
export interface TrainingGraph extends BuiltTerms {
  readonly parameters: readonly Tensor[];
  readonly buffers: readonly TrainingBuffer[];
}

/** Compiles a scheme's graph, and says how its steps are fed and how fast it learns. @param values first ones, by name */
export function completeJob(
  model: Model,
  { weights, ...parts }: TrainingGraph,
  values: ModelValues,
  options: OfflineOptions,
): TrainingJob {
  const { split, train, seed } = options;
  const stepsPerEpoch = batchesPerEpoch(split.indices.length, train.batchSize);
  const program = compileTraining({ ...parts, optimizer: buildOptimizer(train.optimizer) });
  return {
    model,
    program,
    seed,
    stepsPerEpoch,
    epochs: train.stopAfter ?? train.epochs,
    ...sorted(values, program),
    learningRate: learningRateOf(train, stepsPerEpoch),
    feeds: batchFeeds(options, program, stepsPerEpoch, weights),
  };
}

/** The learning rate of each step. @param learningRate at its peak */
export function learningRateOf(
  { epochs, decay, warmupEpochs, ...train }: TrainOptions,
  stepsPerEpoch: number,
  learningRate = train.learningRate,
): Schedule {
  const totalSteps = stepsPerEpoch * epochs;
  const warmupSteps = Math.min(totalSteps, Math.round(warmupEpochs * stepsPerEpoch));
  return schedule({ learningRate, totalSteps, decay, warmupSteps });
}

/** Values by whether the program needs them. */
function sorted(values: ModelValues, { state, frozen }: TrainingProgram): Pick<TrainingJob, "initial" | "unused"> {
  const needed = new Set([...state, ...frozen].map(({ name }) => name));
  const part = (isNeeded: boolean) =>
    Object.fromEntries(Object.entries(values).filter(([name]) => needed.has(name) === isNeeded));
  return { initial: part(true), unused: part(false) };
}

/** Both networks and the weighted sum of terms as one graph. @throws LimbeckError TAP_UNKNOWN, FEATURE_MISMATCH */
function offlineGraph({ split, train, terms, liveTeacher, ...options }: GraphOptions) {
  const graph = createGraph();
  const { batchSize, epochs } = train;
  const { channels, height, width } = split.dataset;
  const images = graph.input("images", "float32", [batchSize, channels, height, width]);
  const deployed = deployment(options.model, terms, liveTeacher, split.dataset);
  const { model } = deployed;
  const values = declareTensors(model, graph);
  const student = model.forward(images, values, true);
  const teacher = needsLiveTeacher(terms) ? teacherForward(liveTeacher!, images) : undefined;
  const needs = needsOf(terms);
  const store = new TermStore(graph);
  const hasLabels = needs.has("labels") || needs.has("targets");
  const given = {
    labels: hasLabels ? graph.input("labels", "int64", [batchSize]) : undefined,
    mixed: hasLabels ? mixedLabels(graph, train) : undefined,
  };
  const context = {
    logits: student.logits,
    ...given,
    targets: needs.has("targets") ? labelShares(given, split.dataset.classes.length) : undefined,
    teacherLogits: needs.has("teacher logits")
      ? (teacher?.logits ?? graph.input("teacherLogits", "float32", student.logits.shape))
      : undefined,
    ...transferSet(graph, split, batchSize, needs),
    partnerLogits: needs.has("same-class pair") ? partnerAnswers(model, values, images) : undefined,
    saliency: needs.has("input gradients") ? saliencyOf(images, student.logits, teacher!.logits) : undefined,
  };
  const length = { epochs, stepsPerEpoch: batchesPerEpoch(split.indices.length, batchSize) };
  const built = buildTerms(graph, terms, context, length, lookInside(student, teacher, store));
  const buffers = [...carriedBuffers(model, values, student), ...store.buffers];
  return { ...built, buffers, parameters: trainedPart(graph, buffers, model), store, student: deployed };
}

/** All that is neither carried nor taken over from a teacher. */
export function trainedPart(
  { inputs }: Graph,
  buffers: readonly TrainingBuffer[],
  { frozen = [] }: Pick<Model, "frozen"> = {},
): Tensor[] {
  const others = new Set([...buffers.map(({ input }) => input.name), ...frozen.map(({ name }) => name)]);
  return inputs.filter(({ name, source }) => source.kind === "parameter" && !others.has(name));
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
  const sampleIndices = new BigInt64Array(train.batchSize);
  const soft = program.feeds.find(({ name }) => name === "teacherLogits");
  const teacherLogits = new Float32Array(soft ? soft.shape[0]! * soft.shape[1]! : 0);
  const fed = new Set(program.feeds.map(({ name }) => name));
  const { changes, mixer } = viewMakers(train, split.dataset, seed);
  const hasPartners = needsOf(options.terms).has("same-class pair");
  const partners = hasPartners ? new PartnerBatches(split, train.batchSize, changes, seed) : undefined;
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
    mixer?.mix(target, epoch, step % stepsPerEpoch);
    if (soft) {
      target.rows.forEach((row, i) => {
        samples[i] = split.indices[row]!;
      });
      await teacher!.answer(target.images, samples, teacherLogits);
    }
    const { images, labels } = target;
    if (fed.has("sampleIndices")) {
      target.rows.forEach((row, i) => {
        sampleIndices[i] = BigInt(row);
      });
    }
    const paired = partners?.feeds(target.rows, epoch, step % stepsPerEpoch);
    const all = { images, labels, ...mixedFeeds(mixer), ...paired, teacherLogits, sampleIndices, ...weights(step) };
    return Object.fromEntries(Object.entries(all).filter(([name]) => fed.has(name)));
  };
}
