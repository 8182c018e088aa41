import { splitLabels } from "../data/dataset.js";
import { LimbeckError } from "../support/errors.js";
import { canonicalJson } from "../support/json.js";
import { Breath, Rate, Timer } from "../support/timer.js";
import { Classifier } from "../teachers/classifier.js";
import { type AnswersOf, TeacherOutputCache, type TeacherOutputs } from "../teachers/outputs.js";
import { isExact, storedBytes } from "../teachers/storage.js";
import { fileOf, type Voice } from "../teachers/voice.js";
import { Interrupted } from "../train/events.js";
import type { Arm } from "./arms.js";
import { askOutside } from "./ask-outside.js";
import { learnersFrom, TEACHER } from "./chain.js";
import type { RunContext } from "./context.js";
import type { LabelPlan, RunEvent } from "./events.js";
import { usesStoredAnswers, whyNoLabels } from "./goals.js";
import { share, takeOver } from "./reuse.js";

const PROGRESS_MS = 100;

/** Samples of a part: a whole number of the classifier's batches, so that parts have the bits of one pass. */
const PART = 4096;

/**
 * The teacher's answers to all samples of a split, from the cache where they are there already.
 * @param of by default all training samples, kept as the recipe says
 */
export async function* label(
  context: RunContext,
  voice: Voice,
  phase: string,
  of: AnswersOf = answersOf(context, voice),
): AsyncGenerator<RunEvent, TeacherOutputs> {
  const cache = new TeacherOutputCache(context.folder.file("cache"));
  const key = cache.key(voice.identity, of);
  yield { type: "phase-start", phase };
  const start = performance.now();
  const known = cache.load(key, of);
  const seconds = () => (performance.now() - start) / 1000;
  if (known) {
    yield { type: "phase-end", phase, seconds: seconds(), reused: true };
    return known;
  }
  const sharing = { key, phase, path: cache.path(key) };
  const taken = takeOver(context, sharing, () => cache.load(key, of));
  if (!taken) {
    yield labelPlan(of, sharing.path);
    const { box } = voice;
    const asking = box
      ? askOutside(context, { box, phase, split: of.split })
      : askTeacher(context, { voice, phase, cache, key, of });
    cache.store(key, yield* asking, of);
  }
  yield share(context, sharing, taken ?? { seconds: seconds() });
  // What was rounded is learned from as it is on disk: a run that goes on must see the same.
  return taken?.result ?? cache.load(key, of)!;
}

/** What a voice is asked about. */
function answersOf({ samples: { train }, recipe }: RunContext, { width }: Voice): AnswersOf {
  return { split: train, storage: recipe.answers, classes: width ?? train.dataset.classes.length };
}

/** What labelling will write. */
function labelPlan({ split, classes, storage }: AnswersOf, path: string): LabelPlan {
  const samples = split.indices.length;
  const { dtype, top = null, draws = null } = storage;
  const bytes = storedBytes(samples, classes, storage);
  return { type: "label-plan", path, samples, classes, dtype, top, draws, bytes };
}

interface Asking {
  readonly voice: Voice;
  readonly phase: string;
  readonly cache: TeacherOutputCache;
  readonly key: string;
  readonly of: AnswersOf;
}

/** All answers, [samples, classes] in the split's order; each part is on disk as soon as it is complete. */
async function* askTeacher(
  context: RunContext,
  { voice, phase, cache, key, of }: Asking,
): AsyncGenerator<RunEvent, Float32Array> {
  const {
    split: { dataset, indices },
    classes,
  } = of;
  const totalSteps = indices.length;
  const logits = new Float32Array(totalSteps * classes);
  const teacher = await Classifier.load(fileOf(voice), dataset, context.threads);
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
        const asked = split.indices.subarray(batch.first, batch.first + batch.count);
        const answers = voice.logitsOf(batch.logits, splitLabels({ dataset, indices: asked }));
        requireClasses(answers, batch.count, classes);
        part.set(answers, batch.first * classes);
        const step = first + batch.first + batch.count;
        if (due.rings() || step === totalSteps) {
          yield { type: "progress", phase, step, totalSteps, loss: null, stepsPerSecond: rate.at(step) };
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

/** What the answers that somebody learns from depend on: the teacher, and how they were stored where that changes them. */
export function answersIdentity(context: RunContext, learner: Pick<Arm, "terms" | "train">, voice: Voice): Uint8Array {
  const { answers } = context.recipe;
  const { identity } = voice;
  if (!usesStoredAnswers(learner) || isExact(answers, answersOf(context, voice).classes)) return identity;
  return Buffer.concat([identity, Buffer.from(canonicalJson(answers))]);
}

/** Tells that there is nothing to label. */
export function nothingToLabel({ recipe }: RunContext): RunEvent {
  return { type: "labels", path: null, reason: whyNoLabels(learnersFrom(recipe, TEACHER)) };
}

/** Tells where the answers are. */
export function labelsAt(context: RunContext, voice: Voice): RunEvent {
  const cache = new TeacherOutputCache(context.folder.file("cache"));
  const of = answersOf(context, voice);
  return { ...labelPlan(of, cache.path(cache.key(voice.identity, of))), type: "labels" };
}
