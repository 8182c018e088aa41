import { graphCost } from "@limbeck/graph";
import { splitLabels } from "../data/dataset.js";
import { countErrors } from "../evaluate/metrics.js";
import { toOnnxModel } from "../models/inference.js";
import type { Model } from "../models/model.js";
import { wirings } from "../schemes/index.js";
import type { TrainingJob } from "../schemes/job.js";
import { needsLiveTeacher, needsTeacher } from "../schemes/needs.js";
import { type OfflineOptions, offlineJob } from "../schemes/offline.js";
import { writeFileAtomic } from "../support/files.js";
import { Breath, Rate, Timer } from "../support/timer.js";
import { Classifier } from "../teachers/classifier.js";
import { TeacherOutputCache, type TeacherOutputs } from "../teachers/outputs.js";
import { cachedTeacher, liveTeacher, type TeacherSource } from "../teachers/teacher.js";
import { Checkpoints, type Parameters } from "../train/checkpoints.js";
import { Interrupted } from "../train/events.js";
import { runTraining, type Trained } from "../train/loop.js";
import { type Arm, armsOf, HARD_LABELS, phaseId, seedsOf } from "./arms.js";
import { modelFor, type RunContext, type TrainedArm, type TrainedTeacher } from "./context.js";
import type { RunEvent } from "./events.js";
import { trainedTeacher } from "./onnx-teacher.js";
import { share, takeOver } from "./reuse.js";
import { drawTransferSet } from "./samples.js";
import { trainingKey } from "./training-key.js";

const PROGRESS_MS = 100;

/** About how many points a learning curve has. */
const CURVE_POINTS = 60;

/** Multiply-accumulate pairs below which a step runs on one thread. */
const SMALL_STEP = 40_000_000;

/** Makes the teacher ready, if there is one, writes `teacher.onnx`, and has it answer every training sample once. */
export async function* prepareTeacher(context: RunContext): AsyncGenerator<RunEvent, TrainedTeacher | undefined> {
  const { recipe, folder, onnxTeacher } = context;
  if (!recipe.teacher) return undefined;
  const teacher = onnxTeacher ? { ...onnxTeacher, parameters: {} } : yield* trainTeacher(context);
  writeFileAtomic(folder.file("teacher.onnx"), teacher.file);
  const wanted = armsOf(recipe).some(({ terms }) => needsTeacher(terms));
  return { ...teacher, outputs: wanted ? yield* label(context, teacher.file) : undefined };
}

async function* trainTeacher(context: RunContext): AsyncGenerator<RunEvent, Omit<TrainedTeacher, "outputs">> {
  const { recipe, samples } = context;
  const { model: choice, train } = trainedTeacher(recipe);
  const model = modelFor(context, choice);
  const options = {
    model,
    split: samples.train,
    train,
    terms: HARD_LABELS,
    seed: recipe.seed,
  };
  const parameters = yield* trainPhase(context, "teacher", offlineJob(options), options);
  return { model, parameters, file: toOnnxModel(model, samples.train.dataset, parameters) };
}

/** The teacher's answers to all training samples, from the cache where they are there already. */
async function* label(context: RunContext, file: Uint8Array): AsyncGenerator<RunEvent, TeacherOutputs> {
  const phase = "label";
  const { folder, samples } = context;
  const { dataset, indices } = samples.train;
  const cache = new TeacherOutputCache(folder.file("cache"));
  const key = cache.key(file, dataset, indices);
  yield { type: "phase-start", phase };
  const start = performance.now();
  const known = cache.load(key);
  if (known) {
    yield { type: "phase-end", phase, seconds: secondsSince(start), reused: true };
    return known;
  }
  const sharing = { key, phase, path: cache.path(key) };
  const taken = takeOver(context, sharing, () => cache.load(key));
  const outputs = taken?.result ?? (yield* askTeacher(context, file));
  if (!taken) cache.store(key, outputs);
  yield share(context, sharing, taken ?? secondsSince(start));
  return outputs;
}

async function* askTeacher(context: RunContext, file: Uint8Array): AsyncGenerator<RunEvent, TeacherOutputs> {
  const { train } = context.samples;
  const classes = train.dataset.classes.length;
  const totalSteps = train.indices.length;
  const logits = new Float32Array(train.dataset.size * classes).fill(Number.NaN);
  const teacher = await Classifier.load(file, train.dataset, context.threads);
  const [rate, due, breath] = [new Rate(), new Timer(PROGRESS_MS), new Breath()];
  try {
    for await (const batch of teacher.batches(train)) {
      for (let i = 0; i < batch.count; i++) {
        const answer = batch.logits.subarray(i * classes, (i + 1) * classes);
        logits.set(answer, train.indices[batch.first + i]! * classes);
      }
      const step = batch.first + batch.count;
      if (due.rings() || step === totalSteps) {
        yield { type: "progress", phase: "label", step, totalSteps, loss: null, stepsPerSecond: rate.at(step) };
      }
      await breath.take();
      if (context.signal.aborted) throw new Interrupted("labelling was stopped");
    }
  } finally {
    await teacher.release();
  }
  return { classes, logits };
}

/** Trains every seed of an arm. */
export async function* trainArm(
  context: RunContext,
  arm: Arm,
  teacher: TrainedTeacher | undefined,
): AsyncGenerator<RunEvent, TrainedArm> {
  const { recipe, samples } = context;
  const student = modelFor(context, recipe.student.model);
  const { name, ...schemeOptions } = arm.scheme;
  let trained: Pick<TrainedArm, "model" | "peers"> = { model: student, peers: [] };
  const transfer = drawTransferSet(samples.train, arm.transfer, recipe.seed);
  const source = teacher && (await teacherSource(context, arm, teacher));
  const seeds: { seed: number; parameters: Parameters }[] = [];
  for (const seed of seedsOf(recipe)) {
    const options = {
      model: student,
      split: transfer,
      train: arm.train,
      terms: arm.terms,
      seed,
      teacher: source?.teacher,
      liveTeacher: teacher && { model: teacher.model, values: teacher.parameters },
      options: schemeOptions,
    };
    const job = wirings[name]!.job(options);
    trained = { model: job.model, peers: job.peers ?? [] };
    const file = needsTeacher(arm.terms) ? teacher?.file : undefined;
    seeds.push({ seed, parameters: yield* trainPhase(context, phaseId(arm, seed), job, options, file) });
  }
  await source?.release();
  return { arm, ...trained, transfer, seeds };
}

/** Cached answers hold for plain images only; augmented ones are shown to the teacher itself. */
async function teacherSource(
  context: RunContext,
  arm: Arm,
  { file, outputs }: TrainedTeacher,
): Promise<{ teacher: TeacherSource; release(): Promise<void> } | undefined> {
  if (!needsTeacher(arm.terms) || needsLiveTeacher(arm.terms)) return undefined;
  if (arm.train.augment.length === 0) return { teacher: cachedTeacher(outputs!), release: async () => {} };
  const classifier = await Classifier.load(file, context.samples.train.dataset, context.threads);
  return {
    teacher: liveTeacher((images, count) => classifier.logits(images, count)),
    release: () => classifier.release(),
  };
}

/** Trains, unless it was done before: in this run, or in another one from which it is taken over. */
async function* trainPhase(
  context: RunContext,
  phase: string,
  job: TrainingJob,
  options: OfflineOptions,
  teacher?: Uint8Array,
): AsyncGenerator<RunEvent, Parameters> {
  const path = context.folder.file("checkpoints", ...phase.split("/"));
  const beside = job.model.frozen?.filter(({ name }) => Object.hasOwn(job.unused ?? {}, name));
  const checkpoints = new Checkpoints(path, job.program, beside);
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
