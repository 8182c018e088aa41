import { byLabelling } from "../data/dataset.js";
import { momentsText } from "../data/moments/moments.js";
import { takeRows } from "../evaluate/rows.js";
import { toOnnxModel, toUnfoldedOnnxModel } from "../models/inference.js";
import { needsTeacher } from "../schemes/needs.js";
import { type OfflineOptions, offlineJob } from "../schemes/offline.js";
import { LimbeckError } from "../support/errors.js";
import { writeFileAtomic } from "../support/files.js";
import { functionTeacher, type TeacherFunction } from "../teachers/black-box/function.js";
import { httpTeacher } from "../teachers/black-box/http.js";
import { type Arm, HARD_LABELS, isTaughtByChain } from "./arms.js";
import { type Link, labelPhase, learnersFrom, linksOf, TEACHER, TEST_ANSWERS } from "./chain.js";
import { modelFor, type RunContext, type TrainedLink, type TrainedTeacher, type TrainedTeachers } from "./context.js";
import type { RunEvent } from "./events.js";
import { featureSamples, partsOf } from "./features.js";
import { needsLabels } from "./goals.js";
import { startingModel } from "./initial.js";
import { answersIdentity, label } from "./labelling.js";
import { drawTransferSet, samplesOf } from "./samples.js";
import {
  aloneTeacher,
  askedTeacher,
  joinMembers,
  type OpenMember,
  type ReadyTeacher,
  type RunTeacher,
} from "./teacher.js";
import { trainPhase } from "./train-phase.js";
import { teacherSource } from "./trainings.js";

/** A teacher that has not answered yet, and its members. */
interface PreparedTeacher {
  readonly teacher: ReadyTeacher;
  /** Of an ensemble, or specialists; none otherwise. */
  readonly members: readonly ReadyTeacher[];
}

/** Trains or reads every member of the teacher and writes `teacher.onnx`, and what else a later run may need of it. */
export async function* prepareTeacher(
  context: RunContext,
  open: RunTeacher,
): AsyncGenerator<RunEvent, PreparedTeacher> {
  const { recipe, samples } = context;
  const ready: ReadyTeacher[] = [];
  for (const member of open.members) ready.push(yield* prepareMember(context, member));
  const teacher = joinMembers(recipe, samples.train.dataset, open, ready);
  const members = open.members.length > 1 ? ready : [];
  members.forEach(({ file }, i) => {
    write(context, open.members[i]!.phase, file);
  });
  write(context, TEACHER, teacher.file);
  const [member] = open.members;
  // Of one network that was trained here. Running statistics are its only buffers.
  if (members.length === 0 && member && !member.given && teacher.model.buffers.length > 0) {
    const unfolded = toUnfoldedOnnxModel(teacher.model, samples.train.dataset, teacher.parameters);
    write(context, `${TEACHER}.unfolded`, unfolded);
  }
  const { moments } = samples.train.dataset;
  if (moments) writeFileAtomic(context.folder.file(`${TEACHER}.moments.json`), momentsText(moments));
  return { teacher, members };
}

/** Trains everything between a teacher and the students, each by the one before. */
export async function* trainChain(
  context: RunContext,
  teacher: TrainedTeacher,
): AsyncGenerator<RunEvent, TrainedLink[]> {
  const links: TrainedLink[] = [];
  for (const link of linksOf(context.recipe)) {
    const trained = yield* trainLink(context, link, links.at(-1)?.trained ?? teacher);
    write(context, link.phase, trained.file);
    links.push({ link, trained: yield* haveAnswer(context, link.phase, trained) });
  }
  return links;
}

/** Whom an arm learns from. */
export function teacherFor({ teacher, links }: TrainedTeachers, arm: Pick<Arm, "variant">): TrainedTeacher | undefined {
  return (isTaughtByChain(arm) ? links.at(-1)?.trained : undefined) ?? teacher;
}

async function* prepareMember(context: RunContext, member: OpenMember): AsyncGenerator<RunEvent, ReadyTeacher> {
  const { model, choice, given, phase, seed, owns } = member;
  if (given) return aloneTeacher(model, {}, given.file);
  if ("http" in choice) return askedTeacher(model, httpTeacher(choice));
  if ("function" in choice) return askedTeacher(model, functionTeacher(choice, functionOf(context)));
  if ("onnx" in choice) throw new TypeError("the file was not read");
  const own = owns ? { ...context, samples: samplesOf(context.samples, owns) } : context;
  const { train } = own.samples;
  const parts = partsOf(model, choice.train, HARD_LABELS);
  const seen = parts ? { ...own, samples: yield* featureSamples(own, parts) } : own;
  const trained = parts?.head ?? model;
  const options = {
    model: trained,
    split: byLabelling(seen.samples.train).labelled,
    train: choice.train,
    terms: HARD_LABELS,
    seed,
  };
  const parameters = yield* trainPhase(seen, phase, offlineJob(options), options);
  return aloneTeacher(model, parameters, toOnnxModel(model, train.dataset, parameters));
}

/** Has the teacher, or a link, answer every training sample once, if somebody learns from that. */
export async function* haveAnswer(
  context: RunContext,
  phase: string,
  ready: ReadyTeacher,
): AsyncGenerator<RunEvent, TrainedTeacher> {
  const isAsked = needsLabels(learnersFrom(context.recipe, phase));
  const outputs = isAsked ? yield* label(context, ready.voice, labelPhase(phase)) : undefined;
  return { ...ready, outputs };
}

function functionOf({ teacherFunction }: RunContext): TeacherFunction {
  if (teacherFunction) return teacherFunction;
  throw new LimbeckError("TEACHER_FAILED", "the recipe's teacher is a function, and the run was given none", {
    where: "teacher.function",
    fix: "Run it from TypeScript: distill(recipe, { teacher: async ({ images, count }) => … }), resume(runDir, { teacher: … }).",
  });
}

/** Has a black box answer the test samples, once and before anything is trained: later it might not. */
export async function* testBlackBox(
  context: RunContext,
  teacher: TrainedTeacher,
): AsyncGenerator<RunEvent, TrainedTeacher> {
  const { voice } = teacher;
  if (!voice.box) return teacher;
  const { test } = context.samples;
  const classes = test.dataset.classes.length;
  const of = { split: test, storage: { dtype: "float32" }, classes } as const;
  const { logits } = yield* label(context, voice, TEST_ANSWERS, of);
  return { ...teacher, testLogits: takeRows(logits, classes, test.indices) };
}

/** Distills a link from the one before it, on the main comparison's transfer set. */
async function* trainLink(
  context: RunContext,
  { model: choice, train, terms, seed, phase, initial }: Link,
  teacher: TrainedTeacher,
): AsyncGenerator<RunEvent, ReadyTeacher> {
  const { recipe, samples } = context;
  const source = await teacherSource(context, { terms, train }, teacher);
  const options: OfflineOptions = {
    model: startingModel(modelFor(context, choice), initial, teacher),
    split: drawTransferSet(samples.train, recipe.data.transfer, recipe.seed),
    train,
    terms,
    seed,
    teacher: source?.teacher,
    liveTeacher: teacher.live,
  };
  const job = offlineJob(options);
  const asked = needsTeacher(terms) ? answersIdentity(context, { terms, train }, teacher.voice) : undefined;
  const parameters = yield* trainPhase(context, phase, job, options, { teacher: asked });
  await source?.release();
  return aloneTeacher(job.model, parameters, toOnnxModel(job.model, samples.train.dataset, parameters));
}

function write({ folder }: RunContext, phase: string, file: Uint8Array | undefined): void {
  if (!file) return;
  writeFileAtomic(folder.file(`${phase}.onnx`), file);
}
