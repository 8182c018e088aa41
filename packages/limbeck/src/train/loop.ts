import { type StepReport, TrainingSession } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import type { TrainingJob } from "../schemes/job.js";
import type { Checkpoints, Parameters, TrainingProgress } from "./checkpoints.js";
import { Interrupted, type LossValues, type TrainEvent } from "./events.js";
import { guardLoss, guardState } from "./guard.js";

export interface TrainingRunOptions {
  /** Names the training in its events. */
  readonly phase: string;
  readonly checkpoints: Checkpoints;
  readonly threads: number;
  /** Held-out errors of the current parameters, asked for in the epochs that `measured` picks. */
  readonly evaluate?: (parameters: Parameters) => Promise<number>;
  readonly measured?: (epoch: number) => boolean;
  readonly signal: AbortSignal;
  /** Seconds between checkpoints. Where they fall does not change the result. Default 15. */
  readonly checkpointSeconds?: number;
}

const PROGRESS_MS = 100;
/** ONNX Runtime blocks the thread: messages and signals get through only where we let them. */
const BREATH_MS = 50;

/**
 * Trains, or goes on where a checkpoint ended, and yields what happens.
 * @returns the final parameters
 * @throws Interrupted when `signal` aborts, after saving; LimbeckError DIVERGED, FILE_UNWRITABLE, DISK_FULL
 */
export async function* runTraining(
  job: TrainingJob,
  options: TrainingRunOptions,
): AsyncGenerator<TrainEvent, Parameters> {
  const { checkpoints } = options;
  const finished = checkpoints.finished();
  if (finished) return finished;
  const restored = checkpoints.partial();
  const progress = restored?.progress ?? { step: 0, sums: {}, firstLoss: null };
  const session = await TrainingSession.create(job.program, nodeBackend, {
    seed: job.seed,
    step: progress.step,
    state: restored?.state ?? job.initial,
    threads: options.threads,
  });
  try {
    const step = yield* steps(job, options, session, progress);
    guardState(options.phase, step, session.state());
    return checkpoints.finish(job.program, session.state(), step);
  } finally {
    await session.release();
  }
}

async function* steps(
  job: TrainingJob,
  options: TrainingRunOptions,
  session: TrainingSession,
  restored: TrainingProgress,
): AsyncGenerator<TrainEvent, number> {
  const { phase, checkpoints, signal, checkpointSeconds = 15 } = options;
  const totalSteps = job.epochs * job.stepsPerEpoch;
  let { sums, firstLoss } = restored;
  const save = (): TrainEvent => {
    guardState(phase, session.step, session.state());
    checkpoints.save(job.program, session.state(), { step: session.step, sums, firstLoss });
    return { type: "checkpoint", phase, step: session.step };
  };
  const due = {
    progress: new Timer(PROGRESS_MS),
    breath: new Timer(BREATH_MS),
    save: new Timer(checkpointSeconds * 1000),
  };
  const rate = new Rate(session.step);
  while (session.step < totalSteps) {
    if (due.breath.rings()) await new Promise((resolve) => setImmediate(resolve));
    if (signal.aborted) {
      yield save();
      throw new Interrupted(`${phase} was stopped at step ${session.step}`);
    }
    const report = await session.run(await job.feeds(session.step), job.learningRate(session.step));
    firstLoss ??= report.loss!;
    guardLoss(phase, session.step, report, firstLoss);
    sums = accumulate(sums, report);
    if (session.step % job.stepsPerEpoch === 0) {
      yield await endEpoch(job, options, session, sums);
      sums = {};
    }
    if (due.progress.rings() || session.step === totalSteps) {
      const stepsPerSecond = rate.at(session.step);
      yield { type: "progress", phase, step: session.step, totalSteps, loss: report.loss!, stepsPerSecond };
    }
    if (due.save.rings() && session.step < totalSteps) yield save();
  }
  return session.step;
}

async function endEpoch(
  job: TrainingJob,
  options: TrainingRunOptions,
  session: TrainingSession,
  sums: LossValues,
): Promise<TrainEvent> {
  const epoch = session.step / job.stepsPerEpoch;
  const measures = options.evaluate && (options.measured?.(epoch) ?? true);
  return {
    type: "epoch",
    phase: options.phase,
    epoch,
    losses: Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / job.stepsPerEpoch])),
    learningRate: job.learningRate(session.step - 1),
    errors: measures ? await options.evaluate!(session.state() as Parameters) : null,
  };
}

function accumulate(sums: LossValues, report: StepReport): Record<string, number> {
  return Object.fromEntries(Object.entries(report).map(([name, value]) => [name, (sums[name] ?? 0) + value]));
}

/** Rings once after each interval. */
class Timer {
  readonly #interval: number;
  #last = performance.now();

  constructor(interval: number) {
    this.#interval = interval;
  }

  rings(): boolean {
    const now = performance.now();
    if (now - this.#last < this.#interval) return false;
    this.#last = now;
    return true;
  }
}

/** Steps a second since training began, or went on. */
class Rate {
  readonly #firstStep: number;
  readonly #start = performance.now();

  constructor(firstStep: number) {
    this.#firstStep = firstStep;
  }

  at(step: number): number {
    const seconds = (performance.now() - this.#start) / 1000;
    return seconds > 0 ? (step - this.#firstStep) / seconds : 0;
  }
}
