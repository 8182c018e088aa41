import { canonicalJson } from "../../support/json.js";
import type { FunctionTeacherOptions } from "./options.js";
import { type BlackBox, noAnswer, type Question } from "./source.js";

/** Logits of some samples: row by row, or all in one array. */
export type FunctionAnswer = ArrayLike<number> | readonly (readonly number[])[];

/** A teacher that is a function: anything that answers samples with logits. */
export type TeacherFunction = (question: Question) => Promise<FunctionAnswer> | FunctionAnswer;

const WHERE = "teacher.function";

/** A black box that asks a function. */
export function functionTeacher(options: FunctionTeacherOptions, ask: TeacherFunction): BlackBox {
  const { function: name, batch, concurrency, perMinute } = options;
  return {
    identity: Buffer.from(canonicalJson({ function: name })),
    batch,
    concurrency,
    perMinute,
    answer: async (question, classes, signal) => {
      const answer = await untilAborted(Promise.resolve(ask(question)).catch(failed), signal);
      return logitsOf(answer, question.count, classes);
    },
  };
}

function failed(error: unknown): never {
  const message = error instanceof Error ? error.message : String(error);
  throw noAnswer(
    WHERE,
    `the teacher's function failed: ${message}`,
    message,
    "Put that right and resume the run: what was answered is kept.",
  );
}

/** A function cannot be stopped, but need not be waited for. */
function untilAborted<Answer>(answer: Promise<Answer>, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    answer.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

/** @throws LimbeckError TEACHER_FAILED */
function logitsOf(answer: FunctionAnswer, count: number, classes: number): Float32Array {
  const wrong = (what: string) =>
    noAnswer(
      WHERE,
      `the teacher's function ${what}`,
      null,
      `Return ${count} rows of ${classes} numbers, or all of them in one array.`,
    );
  if (typeof answer !== "object" || answer === null || !("length" in answer)) throw wrong("gives no array");
  const rows = Array.from(answer as ArrayLike<unknown>);
  const isRows = rows.length > 0 && typeof rows[0] === "object";
  if (isRows && (rows.length !== count || rows.some((row) => (row as ArrayLike<number>)?.length !== classes))) {
    throw wrong(`gives ${rows.length} rows, not ${count} of ${classes} numbers`);
  }
  const flat = Float32Array.from(
    isRows ? (rows as ArrayLike<number>[]).flatMap((row) => Array.from(row)) : (rows as number[]),
  );
  if (flat.length !== count * classes)
    throw wrong(`gives ${flat.length} numbers for ${count} samples of ${classes} classes`);
  if (flat.some((value) => !Number.isFinite(value))) throw wrong("gives something that is no finite number");
  return flat;
}
