import type { StepReport, TrainingState } from "@limbeck/graph";
import { carriedTensors, type TrainingJob } from "../schemes/job.js";
import { Breath, Rate, Timer } from "../support/timer.js";
import type { Checkpoints, Parameters, TrainingProgress } from "./checkpoints.js";
import { Interrupted, type LossValues, type TrainEvent } from "./events.js";
import { guardLoss, guardState } from "./guard.js";
import { openSteps, type Steps } from "./steps.js";

export interface TrainingRunOptions {
  /** Names the training in its events. */
  readonly phase: string;
  readonly checkpoints: Checkpoints;
  readonly threads: number;
  /** Held-out errors of the model with its current values, asked for in the epochs that `measured` picks. */
  readonly evaluate: (parameters: Parameters) => Promise<number>;
  readonly measured: (epoch: number) => boolean;
  readonly signal: AbortSignal;
  /** Seconds between checkpoints. Where they fall does not change the result. */
  readonly checkpointSeconds: number;
}

const PROGRESS_MS = 100;

/** The final values of a model, and the time that it took to train, over all sittings. */
export interface Trained {
  readonly parameters: Parameters;
  readonly seconds: number;
  /** Seconds of it in which the engine waited for samples; missing where the training makes its own. */
  readonly waited?: number;
}

/**
 * Trains, or goes on where a checkpoint ended, and yields what happens.
 * @throws Interrupted when `signal` aborts, after saving; LimbeckError DIVERGED, FILE_UNWRITABLE, DISK_FULL
 */
export async function* runTraining(job: TrainingJob, options: TrainingRunOptions): AsyncGenerator<TrainEvent, Trained> {
  const { checkpoints } = options;
  const restored = checkpoints.partial();
  const progress = restored?.progress ?? { step: 0, sums: {}, firstLoss: null, seconds: 0, waited: 0 };
  const session = await openSteps(job, {
    step: progress.step,
    state: restored ? { ...frozenValues(job), ...restored.state } : job.initial,
    threads: options.threads,
  });
  try {
    job.batches?.begin(job.epochs * job.stepsPerEpoch);
    const { step, seconds, waited } = yield* steps(job, options, session, progress);
    guardState(options.phase, step, session.state());
    const parameters = checkpoints.finish(modelValues(job, session), step);
    return { parameters, seconds, ...(job.batches ? { waited } : {}) };
  } finally {
    await job.batches?.release();
    await session.release();
  }
}

async function* steps(
  job: TrainingJob,
  options: TrainingRunOptions,
  session: Steps,
  restored: TrainingProgress,
): AsyncGenerator<TrainEvent, TrainingProgress> {
  const { phase, checkpoints, signal, checkpointSeconds } = options;
  const totalSteps = job.epochs * job.stepsPerEpoch;
  let { sums, firstLoss } = restored;
  /** A state counts as good once the loss of the next step has been judged by it. */
  let candidate: { state: TrainingState; progress: TrainingProgress } | undefined;
  const began = performance.now();
  const progress = (): TrainingProgress => {
    const seconds = restored.seconds + (performance.now() - began) / 1000;
    const waited = restored.waited + (job.batches?.waited ?? 0);
    return { step: session.step, sums, firstLoss, seconds, waited };
  };
  const snapshot = () => ({ state: session.state(), progress: progress() });
  const save = ({ state, progress }: ReturnType<typeof snapshot>): TrainEvent => {
    guardState(phase, progress.step, state);
    checkpoints.save(state, progress);
    return { type: "checkpoint", phase, step: progress.step };
  };
  const breath = new Breath();
  const due = { progress: new Timer(PROGRESS_MS), save: new Timer(checkpointSeconds * 1000) };
  const rate = new Rate(session.step);
  while (session.step < totalSteps) {
    await breath.take();
    if (signal.aborted) {
      yield save(snapshot());
      throw new Interrupted(`${phase} was stopped at step ${session.step}`);
    }
    const report = await session.next();
    firstLoss ??= report.loss!;
    guardLoss(phase, session.step, report, firstLoss);
    if (candidate) yield save(candidate);
    candidate = undefined;
    sums = accumulate(sums, report);
    if (session.step % job.stepsPerEpoch === 0) {
      yield await endEpoch(job, options, session, sums);
      sums = {};
    }
    if (due.progress.rings() || session.step === totalSteps) {
      const stepsPerSecond = rate.at(session.step);
      yield { type: "progress", phase, step: session.step, totalSteps, loss: report.loss!, stepsPerSecond };
    }
    if (due.save.rings() && session.step < totalSteps) candidate = snapshot();
  }
  return progress();
}

async function endEpoch(
  job: TrainingJob,
  options: TrainingRunOptions,
  session: Steps,
  sums: LossValues,
): Promise<TrainEvent> {
  const epoch = session.step / job.stepsPerEpoch;
  return {
    type: "epoch",
    phase: options.phase,
    epoch,
    losses: Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / job.stepsPerEpoch])),
    learningRate: job.learningRate(session.step - 1),
    errors: options.measured(epoch) ? await options.evaluate(modelValues(job, session)) : null,
  };
}

function accumulate(sums: LossValues, report: StepReport): Record<string, number> {
  return Object.fromEntries(Object.entries(report).map(([name, value]) => [name, (sums[name] ?? 0) + value]));
}

/** What the session neither trains nor carries: checkpoints need not hold it, but the model does. */
function frozenValues(job: TrainingJob): Parameters {
  const { initial } = job;
  return Object.fromEntries(carriedTensors(job).frozen.map(({ name }) => [name, initial[name]!]));
}

function modelValues(job: TrainingJob, session: Steps): Parameters {
  return { ...job.unused, ...frozenValues(job), ...(session.state() as Parameters) };
}
