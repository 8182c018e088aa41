import {
  compileTraining,
  type Graph,
  GraphError,
  gradients,
  type Schedule,
  schedule,
  type Tensor,
  type TrainingBuffer,
  type TrainingProgram,
} from "@limbeck/graph";
import { batchesPerEpoch } from "../data/batches.js";
import type { Split } from "../data/dataset.js";
import { lossNamed } from "../losses/index.js";
import { labelShares } from "../losses/labels.js";
import { asksTeacher, type LossContext } from "../losses/loss.js";
import { type Ends, initialize, type Model, type ModelValues } from "../models/model.js";
import type { DistillTerm, TrainOptions } from "../recipe/schema.js";
import { LimbeckError } from "../support/errors.js";
import type { TeacherSource } from "../teachers/teacher.js";
import { teacherAnswers } from "./answers.js";
import { BatchGraph } from "./batch-graph.js";
import { deployment } from "./deployment.js";
import { batchFeeds } from "./feeds.js";
import { lookInside } from "./inside.js";
import type { TrainingJob } from "./job.js";
import { type LiveTeacher, teacherForward } from "./live-teacher.js";
import { needsLiveTeacher, needsOf } from "./needs.js";
import { buildOptimizer } from "./optimizers.js";
import { partnerAnswers } from "./partners.js";
import { saliencyOf } from "./saliency.js";
import { TermStore } from "./store.js";
import { type BuiltTerms, buildTerms, type TermContexts } from "./terms.js";
import { transferSet } from "./transfer-set.js";

/** What the offline scheme wires together. */
export interface OfflineOptions {
  readonly model: Model;
  readonly split: Split;
  readonly train: TrainOptions;
  readonly terms: readonly DistillTerm[];
  readonly seed: number;
  /** Needed where a term needs the teacher's logits, and none looks inside of it. */
  readonly teacher?: TeacherSource | undefined;
  /**
   * Needed where a term looks inside of the teacher: it then runs in the graph, and answers there as well. It also says what
   * a teacher's logits are, where those are of specialists.
   */
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
  checkReached(offlineGraph(options));
}

/** Finds what no term trains. @throws LimbeckError RECIPE_INVALID */
export function checkReached({ loss, parameters }: Pick<TrainingGraph, "loss" | "parameters">): void {
  try {
    gradients(loss, parameters);
  } catch (error) {
    if (!(error instanceof GraphError && error.code === "PARAMETER_UNUSED")) throw error;
    throw new LimbeckError("RECIPE_INVALID", `no term of distill trains the student's ${error.value}`, {
      where: "distill",
      value: error.value,
      fix: "Add a term on its answers, such as cross-entropy.",
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
  /** Names of inputs for further views of the images, beside `images`. Default: none. */
  readonly views?: readonly string[];
}

/** Compiles a scheme's graph, and says how its steps are fed and how fast it learns. @param values first ones, by name */
export function completeJob(
  model: Model,
  { weights, views = [], ...parts }: TrainingGraph,
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
    ...batchFeeds(options, { program, stepsPerEpoch, weights, views }),
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
  const batch = new BatchGraph({ split, train, terms });
  const { graph, images } = batch;
  const deployed = deployment(options.model, terms, liveTeacher, split.dataset);
  const { model } = deployed;
  const { values, result: student, buffers: statistics } = batch.learner(model);
  const teacher = needsLiveTeacher(terms) ? teacherForward(liveTeacher!, images) : undefined;
  const needs = needsOf(terms);
  const store = new TermStore(graph);
  const isRouted = needs.has("teacher logits") && liveTeacher?.specialists?.route === "labels";
  const known = batch.known(isRouted);
  const classes = split.dataset.classes.length;
  const asked = { teacher, liveTeacher, batchSize: train.batchSize, classes };
  const asksAnswers = needs.has("teacher logits") || needs.has("input gradients");
  const answers = asksAnswers ? teacherAnswers(graph, asked, known) : undefined;
  const context = {
    logits: student.logits,
    ...known,
    ...answers,
    targets: needs.has("targets") ? labelShares(known, classes) : undefined,
    ...transferSet(graph, split, train.batchSize, needs),
    partnerLogits: needs.has("same-class pair") ? partnerAnswers(model, values, images) : undefined,
    saliency: needs.has("input gradients") ? saliencyOf(images, student.logits, answers!.teacherLogits) : undefined,
  };
  const built = buildTerms(
    graph,
    terms,
    forEnds(context, student.ends, terms),
    batch.length,
    lookInside(student, teacher, store),
  );
  const buffers = [...statistics, ...store.buffers];
  return { ...built, buffers, parameters: trainedPart(graph, buffers, model), store, student: deployed };
}

/** Where a student answers twice, and terms are of both sorts, those that ask the teacher see one answer, and others the other. */
function forEnds(
  context: LossContext,
  ends: Ends | undefined,
  terms: readonly DistillTerm[],
): LossContext | TermContexts {
  const sorts = new Set(terms.map(({ loss }) => asksTeacher(lossNamed(String(loss)))));
  if (!ends || sorts.size < 2) return context;
  return (compute, loss) => compute({ ...context, logits: asksTeacher(loss) ? ends.byTeacher : ends.byLabels });
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
