import { toOnnxModel } from "../models/inference.js";
import { needsTeacher } from "../schemes/needs.js";
import { type OfflineOptions, offlineJob } from "../schemes/offline.js";
import { writeFileAtomic } from "../support/files.js";
import { ownVoice } from "../teachers/voice.js";
import { type Arm, armsOf, HARD_LABELS, isTaughtByChain } from "./arms.js";
import { type Link, labelPhase, linksOf } from "./chain.js";
import { modelFor, type RunContext, type TrainedLink, type TrainedTeacher, type TrainedTeachers } from "./context.js";
import type { RunEvent } from "./events.js";
import { drawTransferSet } from "./samples.js";
import { joinMembers, type OpenMember, type ReadyTeacher } from "./teacher.js";
import { label, teacherSource, trainPhase } from "./trainings.js";

/**
 * Makes the teacher ready, writes `teacher.onnx`, and has it answer every training sample once; then everything between it
 * and the students in the same way.
 */
export async function* prepareTeachers(context: RunContext): AsyncGenerator<RunEvent, TrainedTeachers> {
  const { recipe, teacher: open, samples } = context;
  const ready: ReadyTeacher[] = [];
  for (const member of open.members) ready.push(yield* prepareMember(context, member));
  const joined = joinMembers(recipe, samples.train.dataset, open, ready);
  const members = open.members.length > 1 ? ready : [];
  members.forEach(({ file }, i) => {
    write(context, open.members[i]!.phase, file);
  });
  const teacher = yield* answering(context, "teacher", joined);
  const links: TrainedLink[] = [];
  for (const link of linksOf(recipe)) {
    const trained = yield* trainLink(context, link, links.at(-1)?.trained ?? teacher);
    links.push({ link, trained: yield* answering(context, link.phase, trained) });
  }
  return { teacher, members, links };
}

/** Whom an arm learns from. */
export function teacherFor({ teacher, links }: TrainedTeachers, arm: Pick<Arm, "variant">): TrainedTeacher {
  return (isTaughtByChain(arm) ? links.at(-1)?.trained : undefined) ?? teacher;
}

async function* prepareMember(context: RunContext, member: OpenMember): AsyncGenerator<RunEvent, ReadyTeacher> {
  const { model, choice, given, phase, seed } = member;
  if (given) return { model, parameters: {}, file: given.file, voice: ownVoice(given.file) };
  if ("onnx" in choice) throw new TypeError("the file was not read");
  const { train } = context.samples;
  const options = { model, split: train, train: choice.train, terms: HARD_LABELS, seed };
  const parameters = yield* trainPhase(context, phase, offlineJob(options), options);
  const file = toOnnxModel(model, train.dataset, parameters);
  return { model, parameters, file, voice: ownVoice(file) };
}

/** Writes a teacher's file, and has it answer the training samples if somebody learns from that. */
async function* answering(
  context: RunContext,
  phase: string,
  ready: ReadyTeacher,
): AsyncGenerator<RunEvent, TrainedTeacher> {
  write(context, phase, ready.file);
  const isAsked = learnersOf(context, phase).some(({ terms }) => needsTeacher(terms));
  return { ...ready, outputs: isAsked ? yield* label(context, ready, labelPhase(phase)) : undefined };
}

/** Who learns from the teacher, or from a link. */
function learnersOf({ recipe }: RunContext, phase: string): Pick<Arm, "terms">[] {
  const links = linksOf(recipe);
  const place = links.findIndex((link) => link.phase === phase);
  const next = links[place + 1];
  const isLast = next === undefined;
  const arms = armsOf(recipe).filter((arm) => (isTaughtByChain(arm) ? isLast : place < 0));
  return next ? [next, ...arms] : arms;
}

/** Distills a link from the one before it, on the main comparison's transfer set. */
async function* trainLink(
  context: RunContext,
  { model: choice, train, terms, seed, phase }: Link,
  teacher: TrainedTeacher,
): AsyncGenerator<RunEvent, ReadyTeacher> {
  const { recipe, samples } = context;
  const source = await teacherSource(context, { terms, train }, teacher);
  const options: OfflineOptions = {
    model: modelFor(context, choice),
    split: drawTransferSet(samples.train, recipe.data.transfer, recipe.seed),
    train,
    terms,
    seed,
    teacher: source?.teacher,
    liveTeacher: { model: teacher.model, values: teacher.parameters },
  };
  const job = offlineJob(options);
  const asked = needsTeacher(terms) ? teacher.voice.identity : undefined;
  const parameters = yield* trainPhase(context, phase, job, options, asked);
  await source?.release();
  const file = toOnnxModel(job.model, samples.train.dataset, parameters);
  return { model: job.model, parameters, file, voice: ownVoice(file) };
}

function write({ folder }: RunContext, phase: string, file: Uint8Array): void {
  writeFileAtomic(folder.file(`${phase}.onnx`), file);
}
