import { type ChildProcess, fork } from "node:child_process";
import { on } from "node:events";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeFlags } from "@limbeck/graph/node-flags";
import type { Samples } from "../data/iterable/gather.js";
import type { Recipe } from "../recipe/schema.js";
import { type ErrorCode, type ErrorRecord, LimbeckError } from "../support/errors.js";
import type { TeacherFunction } from "../teachers/black-box/function.js";
import type { RunEvent } from "./events.js";
import { RunFolder } from "./folder.js";
import { keepSamples, requireSamples } from "./given-samples.js";
import type { Goal } from "./goals.js";
import type { ParentMessage, WorkerMessage } from "./protocol.js";

export interface DistillOptions {
  /** Folder of the run; must be new or empty. Default: `runs/<name>-<date>-<time>`, with the goal where that is another. */
  readonly runDir?: string;
  /**
   * How far to go: until the teacher is ready, until it has answered, or to the report. Later runs take over what was reached.
   * Default "report".
   */
  readonly goal?: Goal;
  /** Threads of one operator. Default: all that are available. */
  readonly threads?: number;
  /** Take over trainings that another run finished, where all that they depend on is equal. Default true. */
  readonly reuse?: boolean;
  /** Stops the run between two steps; it ends with status "interrupted" and can be resumed. */
  readonly signal?: AbortSignal;
  /** Seconds between checkpoints. Default 15. */
  readonly checkpointSeconds?: number;
  /**
   * Answers samples with logits, where the recipe's teacher is a function (`teacher: { function: "name v1" }`). It runs in this
   * process; each answer is kept and never asked for again.
   */
  readonly teacher?: TeacherFunction;
  /**
   * The samples, where the recipe says that a program gives them (`source: { iterable: "name v1" }`). They are read once, in this
   * process, and kept in the run folder before anything else is done, so that the run can be gone on with.
   */
  readonly samples?: Samples;
}

/**
 * Runs a recipe in a process of its own and yields what happens.
 * @throws LimbeckError what went wrong, with what to do; what was reached by then is in the run folder
 */
export async function* distill(recipe: Recipe, options: DistillOptions = {}): AsyncGenerator<RunEvent> {
  const goal = options.goal ?? "report";
  const path = options.runDir ?? defaultRunDir(goal === "report" ? recipe.name : `${recipe.name}-${goal}`);
  const threads = options.threads ?? availableParallelism();
  requireSamples(recipe, options.samples);
  const folder = RunFolder.create(path, recipe, { threads, goal, reuse: options.reuse ?? true });
  const { samples, signal = new AbortController().signal } = options;
  try {
    if (samples) await keepSamples(folder, recipe, samples, signal);
  } catch (error) {
    folder.updateRun({ status: signal.aborted ? "interrupted" : "failed" });
    if (!signal.aborted) throw error;
    yield { type: "run-end", status: "interrupted", runDir: folder.path };
    return;
  }
  yield* work(folder, options);
}

/**
 * Goes on with a run that was stopped or killed, and yields what happens. The parameters that it ends with are, bit for
 * bit, those of a run that was never stopped.
 * @throws LimbeckError RUN_INVALID, RUN_BUSY, and all that {@link distill} throws
 */
export async function* resume(
  runDir: string,
  options: Pick<DistillOptions, "signal" | "checkpointSeconds" | "teacher"> = {},
): AsyncGenerator<RunEvent> {
  yield* work(RunFolder.open(runDir), options);
}

/** Where a run is kept that nobody named a folder for. */
export function defaultRunDir(name: string): string {
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
  return join("runs", `${name}-${stamp}`);
}

/** glibc gives big buffers back to the system and takes them anew at every step unless told otherwise. */
const MALLOC = {
  MALLOC_MMAP_THRESHOLD_: "4294967296",
  MALLOC_TOP_PAD_: "268435456",
  MALLOC_TRIM_THRESHOLD_: "8589934592",
};

/** Images are decoded by these threads, of which Node has four wherever it runs. */
const THREADS = { UV_THREADPOOL_SIZE: String(Math.max(4, availableParallelism())) };

const workerPath = fileURLToPath(new URL("./worker.js", import.meta.url));
const STDERR_TAIL = 2000;

async function* work(folder: RunFolder, options: DistillOptions): AsyncGenerator<RunEvent> {
  const child = fork(workerPath, {
    env: { ...THREADS, ...process.env, ...MALLOC },
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    execArgv: [...nodeFlags],
  });
  let stderr = "";
  child.stderr!.on("data", (text) => {
    stderr = (stderr + String(text)).slice(-STDERR_TAIL);
  });
  const closed = new Promise<void>((done) => child.once("close", () => done()));
  const stop = () => tell(child, { kind: "stop" });
  const { checkpointSeconds, teacher } = options;
  tell(child, { kind: "start", runDir: folder.path, checkpointSeconds, hasTeacher: teacher !== undefined });
  if (options.signal?.aborted) stop();
  options.signal?.addEventListener("abort", stop);
  let ended = false;
  try {
    for await (const message of messages(child)) {
      if (message.kind === "error") throw fromRecord(message.error);
      if (message.kind === "crash") throw died(child, message.message, folder);
      if (message.kind === "ask") {
        void answer(child, teacher!, message);
        continue;
      }
      if (message.event.type === "run-end") ended = true;
      yield message.event;
    }
    if (!ended && !options.signal?.aborted) throw died(child, stderr, folder);
    if (!ended) yield { type: "run-end", status: "interrupted", runDir: folder.path };
  } finally {
    options.signal?.removeEventListener("abort", stop);
    stop();
    await closed;
  }
}

/** Asks the teacher's function for the process that works. */
async function answer(
  child: ChildProcess,
  teacher: TeacherFunction,
  { id, question }: Extract<WorkerMessage, { kind: "ask" }>,
): Promise<void> {
  try {
    tell(child, { kind: "answer", id, answer: await teacher(question) });
  } catch (error) {
    tell(child, { kind: "no-answer", id, message: error instanceof Error ? error.message : String(error) });
  }
}

/** Messages until the process is gone. */
async function* messages(child: ChildProcess): AsyncGenerator<WorkerMessage> {
  for await (const [message] of on(child, "message", { close: ["close"] })) yield message as WorkerMessage;
}

/** A process that is just ending hears nothing, which is no error. */
function tell(child: ChildProcess, message: ParentMessage): void {
  if (child.connected) child.send(message, () => {});
}

function fromRecord({ message, ...details }: ErrorRecord): LimbeckError {
  return new LimbeckError(details.code as ErrorCode, message, details);
}

function died(child: ChildProcess, detail: string, folder: RunFolder): LimbeckError {
  const how = child.signalCode ? `was killed by ${child.signalCode}` : "ended unexpectedly";
  return new LimbeckError("WORKER_DIED", `the training process ${how}${detail ? `:\n${detail.trim()}` : ""}`, {
    where: folder.path,
    value: child.signalCode ?? child.exitCode,
    fix: "Nothing finished is lost: go on with `limbeck resume`.",
  });
}
