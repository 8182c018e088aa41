import { join } from "node:path";
import { TypedError } from "@limbeck/graph";
import { renderReport } from "../report/report.js";
import { cacheFolder } from "../support/cache-folder.js";
import { LimbeckError, toErrorRecord } from "../support/errors.js";
import { writeFileAtomic } from "../support/files.js";
import type { TeacherFunction } from "../teachers/black-box/function.js";
import { Interrupted } from "../train/events.js";
import { armsOf } from "./arms.js";
import { settleTerms } from "./auto.js";
import { learnersFrom, TEACHER } from "./chain.js";
import { checkArms } from "./checks.js";
import type { RunContext, TrainedArm, TrainedTeachers } from "./context.js";
import { environment } from "./environment.js";
import { evaluateRun } from "./evaluation.js";
import type { PhaseEnd, RunEvent } from "./events.js";
import { fetchFiles, withNamesOf } from "./fetched.js";
import { FinishedWork } from "./finished-work.js";
import type { RunFile, RunFolder } from "./folder.js";
import { needsLabels } from "./goals.js";
import { checkInitial } from "./initial.js";
import { labelsAt, nothingToLabel } from "./labelling.js";
import { acquireLock } from "./lock.js";
import { openNetworks } from "./networks.js";
import { phasesOf } from "./phases.js";
import { readSamples } from "./reading.js";
import { reportData } from "./report.js";
import { requireSameData } from "./same-data.js";
import { sampleFacts } from "./sample-facts.js";
import { openTeacher } from "./teacher.js";
import { haveAnswer, prepareTeacher, teacherFor, testBlackBox, trainChain } from "./teachers.js";
import { trainArm } from "./trainings.js";
import { labelUnlabelled } from "./unlabelled.js";

export interface ExecuteOptions {
  readonly signal: AbortSignal;
  /** Seconds between checkpoints. Default 15. */
  readonly checkpointSeconds?: number;
  /** Who is asked where the recipe's teacher is a function. */
  readonly teacherFunction?: TeacherFunction | undefined;
}

/**
 * Does what is left to do of a run, in this thread, and keeps its folder up to date.
 * @throws LimbeckError what went wrong; the run can be resumed once that is put right
 */
export async function* executeRun(folder: RunFolder, options: ExecuteOptions): AsyncGenerator<RunEvent> {
  const unlock = await acquireLock(folder.file(".lock"));
  try {
    folder.sweep();
    folder.mendMetrics();
    folder.updateRun({ status: "running", environment: { ...environment() }, error: undefined });
    for await (const event of work(folder, options)) {
      record(folder, event);
      yield event;
    }
    folder.updateRun({ status: "done" });
    yield { type: "run-end", status: "done", runDir: folder.path };
  } catch (error) {
    if (!isStop(error, options.signal)) {
      noteFailure(folder, error);
      throw error;
    }
    folder.updateRun({ status: "interrupted" });
    yield { type: "run-end", status: "interrupted", runDir: folder.path };
  } finally {
    unlock();
  }
}

/** What is thrown because the run was asked to stop: by us, or by something that was waiting for data or a process. */
function isStop(error: unknown, signal: AbortSignal): boolean {
  return error instanceof Interrupted || (signal.aborted && !(error instanceof TypedError));
}

async function* work(folder: RunFolder, options: ExecuteOptions): AsyncGenerator<RunEvent> {
  const named = folder.recipe();
  const { goal } = folder.readRun();
  yield { type: "run-start", runDir: folder.path, name: named.name, phases: phasesOf(named, goal) };
  const open = yield* fetchFiles(folder, named, options.signal);
  const samples = await openNetworks(folder, open, yield* readSamples(folder, open, options.signal));
  const teacher = await openTeacher(folder, open, samples);
  const { recipe, chosen } = settleTerms(open, samples, teacher);
  checkArms(recipe, samples, teacher?.live);
  await checkInitial(folder, recipe, samples, teacher);
  const dataSha256 = requireSameData(folder, samples);
  folder.updateRun({ dataSha256, samples: sampleFacts(samples, recipe) });
  if (chosen.length > 0) folder.settleRecipe(withNamesOf(recipe, named), chosen);
  for (const choice of folder.readRun().autoTerms ?? []) yield { type: "terms-chosen", ...choice };
  const context: RunContext = {
    recipe,
    folder,
    samples,
    dataSha256,
    work: new FinishedWork(join(cacheFolder(), "finished")),
    teacher,
    threads: folder.readRun().threads,
    signal: options.signal,
    checkpointSeconds: options.checkpointSeconds ?? 15,
    teacherFunction: options.teacherFunction,
  };
  if (goal === "labels" && !needsLabels(learnersFrom(recipe, TEACHER))) {
    yield nothingToLabel(context);
    return;
  }
  if (!teacher) {
    if (goal === "report") yield* distillAndReport(context, NO_TEACHER);
    return;
  }
  const ready = yield* prepareTeacher(context, teacher);
  if (goal === "teacher") return;
  if (goal === "labels") {
    yield labelsAt(context, (yield* haveAnswer(context, TEACHER, ready.teacher)).voice);
    return;
  }
  const known = yield* labelUnlabelled(context, ready.teacher.voice);
  const answering = yield* testBlackBox(known, yield* haveAnswer(known, TEACHER, ready.teacher));
  const links = yield* trainChain(known, answering);
  yield* distillAndReport(known, { teacher: answering, members: ready.members, links });
}

const NO_TEACHER: TrainedTeachers = { teacher: undefined, members: [], links: [] };

/** Trains students and baselines, and measures everything. */
async function* distillAndReport(context: RunContext, teachers: TrainedTeachers): AsyncGenerator<RunEvent> {
  const { folder, recipe } = context;
  const arms: TrainedArm[] = [];
  for (const arm of armsOf(recipe)) arms.push(yield* trainArm(context, arm, teacherFor(teachers, arm)));
  yield { type: "phase-start", phase: "evaluate" };
  const start = performance.now();
  const evaluation = await evaluateRun(context, teachers, arms);
  yield { type: "phase-end", phase: "evaluate", seconds: (performance.now() - start) / 1000, reused: false };
  folder.updateRun({ results: evaluation.results });
  writeFileAtomic(folder.file("report.html"), await renderReport(reportData(context, evaluation)));
  yield { type: "results", results: evaluation.results };
}

/** Keeps what must outlive the process: learning curves, and how long phases took. */
function record(folder: RunFolder, event: RunEvent): void {
  if (event.type === "progress" || event.type === "results") return;
  folder.appendMetric({ time: new Date().toISOString(), ...event });
  if (event.type === "phase-end") folder.updateRun(phaseRecord(folder.readRun(), event));
}

/** What is to be remembered of a phase that is over. */
function phaseRecord(
  run: RunFile,
  { phase, seconds, waited, reused, from, peakMemoryBytes }: PhaseEnd,
): Partial<RunFile> {
  if (reused && !from) return {};
  const before = from ? 0 : (run.seconds[phase] ?? 0);
  return {
    seconds: { ...run.seconds, [phase]: before + seconds },
    ...(waited === undefined ? {} : { waited: { ...run.waited, [phase]: waited } }),
    ...(from ? { reused: { ...run.reused, [phase]: from } } : {}),
    ...(peakMemoryBytes ? { peakMemoryBytes: { ...run.peakMemoryBytes, [phase]: peakMemoryBytes } } : {}),
  };
}

/** A full disk must not hide what went wrong first. */
function noteFailure(folder: RunFolder, error: unknown): void {
  const record =
    error instanceof TypedError ? toErrorRecord(error) : { code: "INTERNAL", message: String(error).split("\n")[0]! };
  try {
    folder.updateRun({ status: "failed", error: record });
  } catch (second) {
    if (!(second instanceof LimbeckError)) throw second;
  }
}
