import { graphCost } from "@limbeck/graph";
import { splitLabels } from "../data/dataset.js";
import { countErrors } from "../evaluate/metrics.js";
import type { Model } from "../models/model.js";
import { carriedTensors, type TrainingJob } from "../schemes/job.js";
import { Classifier } from "../teachers/classifier.js";
import { Checkpoints, type Parameters } from "../train/checkpoints.js";
import { runTraining, type Trained } from "../train/loop.js";
import type { RunContext } from "./context.js";
import type { RunEvent } from "./events.js";
import { share, takeOver } from "./reuse.js";
import { type TrainingFacts, trainingKey } from "./training-key.js";

/** About how many points a learning curve has. */
const CURVE_POINTS = 60;

/** Multiply-accumulate pairs below which a step runs on one thread. */
const SMALL_STEP = 40_000_000;

/** Counts errors while a training runs. Nothing is ever chosen by them. */
export interface Judge {
  /** About how often it is asked. */
  readonly points: number;
  errors(parameters: Parameters): Promise<number>;
  release(): Promise<void>;
}

interface PhaseOptions {
  /** The teacher's file, where a term needs one. */
  readonly teacher?: Uint8Array | undefined;
  /** Default: held-out errors of the model. */
  readonly judge?: () => Promise<Judge>;
}

/** Trains, unless it was done before: in this run, or in another one from which it is taken over. */
export async function* trainPhase(
  context: RunContext,
  phase: string,
  job: TrainingJob,
  options: TrainingFacts["options"],
  { teacher, judge = () => heldOutJudge(context, job.model) }: PhaseOptions = {},
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
  const { parameters, ...effort } = yield* trainAndMeasure(context, phase, job, { checkpoints, judge });
  yield share(context, sharing, effort);
  return parameters;
}

async function* trainAndMeasure(
  context: RunContext,
  phase: string,
  job: TrainingJob,
  options: { readonly checkpoints: Checkpoints; readonly judge: () => Promise<Judge> },
): AsyncGenerator<RunEvent, Trained> {
  const judge = await options.judge();
  const every = Math.ceil(job.epochs / judge.points);
  try {
    return yield* runTraining(job, {
      phase,
      checkpoints: options.checkpoints,
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
async function heldOutJudge({ samples, threads }: RunContext, model: Model): Promise<Judge> {
  const { test } = samples;
  const classifier = await Classifier.ofModel(model, test.dataset, threads);
  const labels = splitLabels(test);
  return {
    points: CURVE_POINTS,
    errors: async (parameters) => {
      classifier.setValues(model, parameters);
      return countErrors({ logits: await classifier.classify(test), classes: test.dataset.classes.length, labels });
    },
    release: () => classifier.release(),
  };
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}
