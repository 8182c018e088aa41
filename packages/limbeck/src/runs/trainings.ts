import { type Compression, compressed } from "../compress/index.js";
import { batchesPerEpoch } from "../data/batches.js";
import { type Split, splitLabels } from "../data/dataset.js";
import type { Model } from "../models/model.js";
import type { TrainOptions } from "../recipe/schema.js";
import { OFFLINE } from "../recipe/schemes/index.js";
import type { ControlImages } from "../schemes/data-free/images.js";
import { wirings } from "../schemes/index.js";
import { needsLiveTeacher, needsTeacher } from "../schemes/needs.js";
import { Classifier } from "../teachers/classifier.js";
import { cachedTeacher, liveTeacher, type TeacherSource } from "../teachers/teacher.js";
import { fileOf } from "../teachers/voice.js";
import { type Arm, isPretrained, phaseId, seedsOf } from "./arms.js";
import { modelFor, type RunContext, type SeedResult, type TrainedArm, type TrainedTeacher } from "./context.js";
import type { RunEvent } from "./events.js";
import { featureSamples, partsOf } from "./features.js";
import { usesStoredAnswers } from "./goals.js";
import { startingModel } from "./initial.js";
import { answersIdentity } from "./labelling.js";
import { pretrain } from "./pretraining.js";
import { drawTransferSet, labelledPart, samplesOfArm } from "./samples.js";
import { trainPhase } from "./train-phase.js";

/** Trains every seed of an arm. */
export async function* trainArm(
  context: RunContext,
  arm: Arm,
  teacher: TrainedTeacher | undefined,
): AsyncGenerator<RunEvent, TrainedArm> {
  const { recipe, samples } = context;
  const transfer = samplesOfArm(samples.train, arm, recipe.seed);
  const train = isPretrained(recipe)
    ? arm.train
    : asLong(arm, drawTransferSet(samples.train, arm.transfer, recipe.seed), transfer);
  const started = startingModel(modelFor(context, recipe.student.model), arm.initial, teacher);
  const student = compressedStudent(started, arm.compression, train, transfer);
  const { name, ...schemeOptions } = arm.scheme;
  const parts = name === OFFLINE.name ? partsOf(student, arm.train, arm.terms) : undefined;
  const judged = { ...context, testAnswers: teacher?.testLogits };
  const seen = parts ? { ...judged, samples: yield* featureSamples(context, parts) } : judged;
  let trained: Pick<TrainedArm, "model" | "peers" | "exits" | "features"> = { model: student, peers: [] };
  const { pretraining } = wirings[name]!;
  const learned = pretraining ? labelledPart(transfer, arm, recipe.seed) : transfer;
  // Features stand where the samples stood.
  const split = parts ? { ...learned, dataset: seen.samples.train.dataset } : learned;
  const source = await teacherSource(context, arm, teacher);
  const seeds: SeedResult[] = [];
  for (const seed of seedsOf(recipe)) {
    const given = {
      model: parts?.head ?? student,
      split,
      train,
      terms: arm.terms,
      seed,
      teacher: source?.teacher,
      liveTeacher: teacher?.live,
      options: schemeOptions,
      control: controlOf(context, arm),
    };
    const before = pretraining?.({ ...given, split: transfer });
    const pretrained = before && (yield* pretrain(context, { arm, seed, seen: transfer }, before));
    const options = { ...given, pretrained };
    const job = wirings[name]!.job(options);
    trained = {
      model: parts ? student : job.model,
      peers: job.peers ?? [],
      exits: job.exits,
      features: before?.features,
    };
    const asked = teacher && needsTeacher(arm.terms) ? answersIdentity(context, arm, teacher.voice) : undefined;
    const parameters = yield* trainPhase(seen, phaseId(arm, seed), job, options, { teacher: asked });
    seeds.push({ seed, parameters, pretrained });
  }
  await source?.release();
  return { arm, ...trained, transfer, teacher, seeds };
}

/** A student in the form in which it is trained. @throws LimbeckError RECIPE_INVALID where it cannot be made smaller */
export function compressedStudent(model: Model, compression: Compression, train: TrainOptions, split: Split): Model {
  const steps = batchesPerEpoch(split.indices.length, train.batchSize) * train.epochs;
  return compressed(model, split.dataset, compression, steps);
}

/** Of fewer samples more epochs, so that what lacks the unlabelled ones takes as many steps. */
function asLong({ train }: Arm, all: Split, seen: Split): TrainOptions {
  const factor = all.indices.length / seen.indices.length;
  if (factor === 1) return train;
  return { ...train, epochs: Math.round(train.epochs * factor), warmupEpochs: train.warmupEpochs * factor };
}

/** What a data-free control sees. */
function controlOf({ samples }: RunContext, { images }: Arm): ControlImages | undefined {
  if (images === "noise") return { kind: "noise" };
  return images === "related" ? { kind: "related", split: samples.related! } : undefined;
}

/** Cached answers hold for plain images only; augmented ones are shown to the teacher itself. */
export async function teacherSource(
  context: RunContext,
  { terms, train, images }: Pick<Arm, "terms" | "train" | "images">,
  teacher: TrainedTeacher | undefined,
): Promise<{ teacher: TeacherSource; release(): Promise<void> } | undefined> {
  if (!teacher || images || !needsTeacher(terms) || needsLiveTeacher(terms)) return undefined;
  const { voice, outputs } = teacher;
  if (usesStoredAnswers({ terms, train })) return { teacher: cachedTeacher(outputs!), release: async () => {} };
  const { dataset } = context.samples.train;
  const classifier = await Classifier.load(fileOf(voice), dataset, context.threads);
  return {
    teacher: liveTeacher(async (images, samples) =>
      voice.logitsOf(await classifier.logits(images, samples.length), splitLabels({ dataset, indices: samples })),
    ),
    release: () => classifier.release(),
  };
}
