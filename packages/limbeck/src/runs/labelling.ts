import { LimbeckError } from "../support/errors.js";
import { canonicalJson } from "../support/json.js";
import { Breath, Rate, Timer } from "../support/timer.js";
import { Classifier } from "../teachers/classifier.js";
import { type AnswersOf, TeacherOutputCache, type TeacherOutputs } from "../teachers/outputs.js";
import { isExact, storedBytes } from "../teachers/storage.js";
import { Interrupted } from "../train/events.js";
import { type Arm, armsOf } from "./arms.js";
import type { RunContext } from "./context.js";
import type { LabelPlan, RunEvent } from "./events.js";
import { usesStoredAnswers, whyNoLabels } from "./goals.js";
import { share, takeOver } from "./reuse.js";

const PHASE = "label";
const PROGRESS_MS = 100;

/** Samples of a part: a whole number of the classifier's batches, so that parts have the bits of one pass. */
const PART = 4096;

/** The teacher's answers to all training samples, from the cache where they are there already. */
export async function* label(context: RunContext, file: Uint8Array): AsyncGenerator<RunEvent, TeacherOutputs> {
  const cache = new TeacherOutputCache(context.folder.file("cache"));
  const of: AnswersOf = { split: context.samples.train, storage: context.recipe.answers };
  const key = cache.key(file, of);
  yield { type: "phase-start", phase: PHASE };
  const start = performance.now();
  const known = cache.load(key, of);
  const seconds = () => (performance.now() - start) / 1000;
  if (known) {
    yield { type: "phase-end", phase: PHASE, seconds: seconds(), reused: true };
    return known;
  }
  const sharing = { key, phase: PHASE, path: cache.path(key) };
  const taken = takeOver(context, sharing, () => cache.load(key, of));
  if (!taken) {
    yield labelPlan(context, sharing.path);
    cache.store(key, yield* askTeacher(context, file, cache, key), of);
  }
  yield share(context, sharing, taken ?? seconds());
  // What was rounded is learned from as it is on disk: a run that goes on must see the same.
  return taken?.result ?? cache.load(key, of)!;
}

/** What labelling will write. */
function labelPlan({ samples: { train }, recipe }: RunContext, path: string): LabelPlan {
  const [samples, classes] = [train.indices.length, train.dataset.classes.length];
  const { dtype, top = null } = recipe.answers;
  const bytes = storedBytes(samples, classes, recipe.answers);
  return { type: "label-plan", path, samples, classes, dtype, top, bytes };
}

/** All answers, [samples, classes] in the split's order; each part is on disk as soon as it is complete. */
async function* askTeacher(
  context: RunContext,
  file: Uint8Array,
  cache: TeacherOutputCache,
  key: string,
): AsyncGenerator<RunEvent, Float32Array> {
  const { dataset, indices } = context.samples.train;
  const classes = dataset.classes.length;
  const totalSteps = indices.length;
  const logits = new Float32Array(totalSteps * classes);
  const teacher = await Classifier.load(file, dataset, context.threads);
  const [rate, due, breath] = [new Rate(), new Timer(PROGRESS_MS), new Breath()];
  try {
    for (let first = 0; first < totalSteps; first += PART) {
      const split = { dataset, indices: indices.slice(first, first + PART) };
      const kept = cache.loadPart(key, first / PART, classes, split.indices.length);
      const part = logits.subarray(first * classes, (first + split.indices.length) * classes);
      if (kept) {
        part.set(kept);
        continue;
      }
      for await (const batch of teacher.batches(split)) {
        requireClasses(batch.logits, batch.count, classes);
        part.set(batch.logits, batch.first * classes);
        const step = first + batch.first + batch.count;
        if (due.rings() || step === totalSteps) {
          yield { type: "progress", phase: PHASE, step, totalSteps, loss: null, stepsPerSecond: rate.at(step) };
        }
        await breath.take();
        if (context.signal.aborted) throw new Interrupted("labelling was stopped");
      }
      if (totalSteps > PART) cache.storePart(key, first / PART, classes, part);
    }
  } finally {
    await teacher.release();
  }
  return logits;
}

function requireClasses(logits: Float32Array, count: number, classes: number): void {
  if (logits.length === count * classes) return;
  throw new LimbeckError("TEACHER_MISMATCH", `the teacher does not answer with ${classes} classes`, {
    where: "teacher",
    value: logits.length / count,
    fix: "Set teacher.classes, or use a teacher of the data's classes.",
  });
}

/** What an arm's answers depend on: the teacher's file, and how they were stored where that changes them. */
export function answersIdentity({ recipe, samples }: RunContext, arm: Arm, file: Uint8Array): Uint8Array {
  const { answers } = recipe;
  if (!usesStoredAnswers(arm) || isExact(answers, samples.train.dataset.classes.length)) return file;
  return Buffer.concat([file, Buffer.from(canonicalJson(answers))]);
}

/** Tells that there is nothing to label. */
export function nothingToLabel({ recipe }: RunContext): RunEvent {
  return { type: "labels", path: null, reason: whyNoLabels(armsOf(recipe)) };
}

/** Tells where the answers are. */
export function labelsAt(context: RunContext, teacher: Uint8Array): RunEvent {
  const { folder, samples, recipe } = context;
  const cache = new TeacherOutputCache(folder.file("cache"));
  const key = cache.key(teacher, { split: samples.train, storage: recipe.answers });
  return { ...labelPlan(context, cache.path(key)), type: "labels" };
}
