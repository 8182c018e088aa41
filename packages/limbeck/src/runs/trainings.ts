import { graphCost } from "@limbeck/graph";
import { type Compression, compressed } from "../compress/index.js";
import { batchesPerEpoch } from "../data/batches.js";
import { type Split, splitLabels } from "../data/dataset.js";
import { countErrors } from "../evaluate/metrics.js";
import type { Model } from "../models/model.js";
import type { TrainOptions } from "../recipe/schema.js";
import { OFFLINE } from "../recipe/schemes/index.js";
import type { ControlImages } from "../schemes/data-free/images.js";
import { wirings } from "../schemes/index.js";
import { carriedTensors, type TrainingJob } from "../schemes/job.js";
import { needsLiveTeacher, needsTeacher } from "../schemes/needs.js";
import type { OfflineOptions } from "../schemes/offline.js";
import { Classifier } from "../teachers/classifier.js";
import { cachedTeacher, liveTeacher, type TeacherSource } from "../teachers/teacher.js";
import { fileOf } from "../teachers/voice.js";
import { Checkpoints, type Parameters } from "../train/checkpoints.js";
import { runTraining, type Trained } from "../train/loop.js";
import { type Arm, phaseId, seedsOf } from "./arms.js";
import { modelFor, type RunContext, type TrainedArm, type TrainedTeacher } from "./context.js";
import type { RunEvent } from "./events.js";
import { featureSamples, partsOf } from "./features.js";
import { usesStoredAnswers } from "./goals.js";
import { startingModel } from "./initial.js";
import { answersIdentity } from "./labelling.js";
import { share, takeOver } from "./reuse.js";
import { drawTransferSet, samplesOfArm } from "./samples.js";
import { trainingKey } from "./training-key.js";

/** About how many points a learning curve has. */
const CURVE_POINTS = 60;

/** Multiply-accumulate pairs below which a step runs on one thread. */
const SMALL_STEP = 40_000_000;

/** Trains every seed of an arm. */
export async function* trainArm(
  context: RunContext,
  arm: Arm,
  teacher: TrainedTeacher | undefined,
): AsyncGenerator<RunEvent, TrainedArm> {
  const { recipe, samples } = context;
  const transfer = samplesOfArm(samples.train, arm, recipe.seed);
  const train = asLong(arm, drawTransferSet(samples.train, arm.transfer, recipe.seed), transfer);
  const started = startingModel(modelFor(context, recipe.student.model), arm.initial, teacher);
  const student = compressedStudent(started, arm.compression, train, transfer);
  const { name, ...schemeOptions } = arm.scheme;
  const parts = name === OFFLINE.name ? partsOf(student, arm.train, arm.terms) : undefined;
  const seen = parts ? { ...context, samples: yield* featureSamples(context, parts) } : context;
  let trained: Pick<TrainedArm, "model" | "peers" | "exits"> = { model: student, peers: [] };
  // Features stand where the samples stood.
  const split = parts ? { ...transfer, dataset: seen.samples.train.dataset } : transfer;
  const source = await teacherSource(context, arm, teacher);
  const seeds: { seed: number; parameters: Parameters }[] = [];
  for (const seed of seedsOf(recipe)) {
    const options = {
      model: parts?.head ?? student,
      split,
      train,
      terms: arm.terms,
      seed,
      teacher: source?.teacher,
      liveTeacher: teacher?.live,
      options: schemeOptions,
      control: controlOf(context, arm),
    };
    const job = wirings[name]!.job(options);
    trained = { model: parts ? student : job.model, peers: job.peers ?? [], exits: job.exits };
    const asked = teacher && needsTeacher(arm.terms) ? answersIdentity(context, arm, teacher.voice) : undefined;
    seeds.push({ seed, parameters: yield* trainPhase(seen, phaseId(arm, seed), job, options, asked) });
  }
  await source?.release();
  return { arm, ...trained, transfer, teacher, seeds };
}

/** A student in the form in which it is trained. @throws LimbeckError RECIPE_INVALID where it cannot be made smaller */
export function compressedStudent(model: Model, compression: Compression, train: TrainOptions, split: Split): Model {
  const steps = batchesPerEpoch(split.indices.length, train.batchSize) * train.epochs;
  return compressed(model, split.dataset, compression, steps);
}

/** Of fewer samples more epochs, so that what lacks the unlabelled ones takes as many steps. */
function asLong({ train }: Arm, all: Split, seen: Split): TrainOptions {
  const factor = all.indices.length / seen.indices.length;
  if (factor === 1) return train;
  return { ...train, epochs: Math.round(train.epochs * factor), warmupEpochs: train.warmupEpochs * factor };
}

/** What a data-free control sees. */
function controlOf({ samples }: RunContext, { images }: Arm): ControlImages | undefined {
  if (images === "noise") return { kind: "noise" };
  return images === "related" ? { kind: "related", split: samples.related! } : undefined;
}

/** Cached answers hold for plain images only; augmented ones are shown to the teacher itself. */
export async function teacherSource(
  context: RunContext,
  { terms, train, images }: Pick<Arm, "terms" | "train" | "images">,
  teacher: TrainedTeacher | undefined,
): Promise<{ teacher: TeacherSource; release(): Promise<void> } | undefined> {
  if (!teacher || images || !needsTeacher(terms) || needsLiveTeacher(terms)) return undefined;
  const { voice, outputs } = teacher;
  if (usesStoredAnswers({ terms, train })) return { teacher: cachedTeacher(outputs!), release: async () => {} };
  const { dataset } = context.samples.train;
  const classifier = await Classifier.load(fileOf(voice), dataset, context.threads);
  return {
    teacher: liveTeacher(async (images, samples) =>
      voice.logitsOf(await classifier.logits(images, samples.length), splitLabels({ dataset, indices: samples })),
    ),
    release: () => classifier.release(),
  };
}

/** Trains, unless it was done before: in this run, or in another one from which it is taken over. */
export async function* trainPhase(
  context: RunContext,
  phase: string,
  job: TrainingJob,
  options: OfflineOptions,
  teacher?: Uint8Array,
): AsyncGenerator<RunEvent, Parameters> {
  const path = context.folder.file("checkpoints", ...phase.split("/"));
  const beside = job.model.frozen?.filter(({ name }) => Object.hasOwn(job.unused ?? {}, name));
  const checkpoints = new Checkpoints(path, carriedTensors(job), beside);
  yield { type: "phase-start", phase };
  const start = performance.now();
  const finished = checkpoints.finished();
  if (finished) {
    yield { type: "phase-end", phase, seconds: secondsSince(start), reused: true };
    return finished;
  }
  const threads = threadsFor(job, context.threads);
  const key = await trainingKey(job, { options, data: context.dataSha256, threads, teacher });
  const sharing = { key, phase, path: checkpoints.path };
  const taken = takeOver(context, sharing, () => checkpoints.finished());
  if (taken) {
    yield* taken.curve;
    yield share(context, sharing, taken);
    return taken.result;
  }
  const { parameters, seconds } = yield* trainAndMeasure(context, phase, job, checkpoints);
  yield share(context, sharing, seconds);
  return parameters;
}

async function* trainAndMeasure(
  context: RunContext,
  phase: string,
  job: TrainingJob,
  checkpoints: Checkpoints,
): AsyncGenerator<RunEvent, Trained> {
  const judge = await heldOutJudge(context, job.model);
  const every = Math.ceil(job.epochs / CURVE_POINTS);
  try {
    return yield* runTraining(job, {
      phase,
      checkpoints,
      threads: threadsFor(job, context.threads),
      signal: context.signal,
      checkpointSeconds: context.checkpointSeconds,
      measured: (epoch) => epoch % every === 0 || epoch === job.epochs,
      evaluate: judge.errors,
    });
  } finally {
    await judge.release();
  }
}

/** A small step is over before a second thread has woken up. */
function threadsFor({ program }: TrainingJob, available: number): number {
  return graphCost(program.graph).macs < SMALL_STEP ? 1 : available;
}

/** Counts held-out errors for the learning curve. Nothing is ever chosen by them. */
async function heldOutJudge({ samples, threads }: RunContext, model: Model) {
  const { test } = samples;
  const classifier = await Classifier.ofModel(model, test.dataset, threads);
  const labels = splitLabels(test);
  return {
    errors: async (parameters: Parameters) => {
      classifier.setValues(model, parameters);
      return countErrors({ logits: await classifier.classify(test), classes: test.dataset.classes.length, labels });
    },
    release: () => classifier.release(),
  };
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}
