import { shareOfZeros } from "../compress/measure.js";
import { type Split, splitLabels } from "../data/dataset.js";
import { drawSubset } from "../data/split.js";
import { type ClassMaps, classMaps, hasClassMaps, meanMapCosine } from "../evaluate/class-maps.js";
import { measureLatency, measurePeakMemory } from "../evaluate/cost.js";
import { agreement, calibrationError, countErrors, meanKl, topClasses } from "../evaluate/metrics.js";
import { addToClasses, matchPriors } from "../evaluate/prior-matching.js";
import type { CorrectedResult, ExitTable, FeaturesResult, ModelResult, TeacherResult } from "../evaluate/results.js";
import { takeRows } from "../evaluate/rows.js";
import { spread } from "../evaluate/statistics.js";
import { toOnnxModel } from "../models/inference.js";
import { type Model, type ModelValues, parameterCount } from "../models/model.js";
import { isSameModel } from "../models/same-model.js";
import type { Recipe } from "../recipe/schema.js";
import type { Peer } from "../schemes/job.js";
import { writeFileAtomic } from "../support/files.js";
import { gzippedSize } from "../support/gzip.js";
import { Classifier } from "../teachers/classifier.js";
import type { TeacherOutputs } from "../teachers/outputs.js";
import { fileOf } from "../teachers/voice.js";
import { armId, armsOf } from "./arms.js";
import { modelFor, type RunContext, type TrainedArm, type TrainedTeacher } from "./context.js";
import { measureExits } from "./exits.js";
import { measureFeatures } from "./pretraining.js";
import { absentClasses } from "./samples.js";

/** Training images over which the biases of absent classes are matched to the teacher's priors. */
const CORRECTION_SAMPLES = 10_000;

/** A model's answers to the test samples, one entry a seed, with the result made of them. */
export interface Measured<Result = ModelResult> {
  readonly logits: readonly Float32Array[];
  readonly result: Result;
  /** Where the teacher looks for its top classes, if students can be compared with that. */
  readonly maps?: ClassMaps | undefined;
}

/** What was measured of a model that learned beside the student. */
interface MeasuredPeer {
  readonly name: string;
  readonly family: string;
  /** Whether it is the student's own model, which the baseline is as well. */
  readonly isTwin: boolean;
  readonly result: ModelResult;
}

/** An arm's student, and what learned beside it. */
export interface MeasuredArm extends Measured {
  readonly peers: readonly MeasuredPeer[];
  /** What it comes to when easy samples leave early, by the confidence that is asked for; missing without exits. */
  readonly exits?: ExitTable | undefined;
  /** What its features were worth before labels; missing where it has not learned without them. */
  readonly features?: FeaturesResult | undefined;
}

/** A teacher, whose costs may be unknown. */
export type MeasuredTeacher = Measured<TeacherResult>;

const UNKNOWN_COSTS = { parameters: null, bytes: null, latencyMs: null, peakMemoryBytes: null };

/** Measures `teacher.onnx`, or what a black box answered. */
export async function measureTeacher(context: RunContext, teacher: TrainedTeacher): Promise<MeasuredTeacher> {
  const { file, testLogits } = teacher;
  if (testLogits) return { logits: [testLogits], result: { ...ofAnswers(context, [testLogits]), ...UNKNOWN_COSTS } };
  const logits = [await classify(fileOf({ file }), context.samples.test, context)];
  const path = context.folder.file("teacher.onnx");
  const measured = await measure(context, path, fileOf({ file }), teacher.model, logits);
  return { ...measured, maps: await teacherMaps(context, teacher, logits[0]!) };
}

/**
 * Measures a network that is neither the teacher nor a student, from its file in the run folder.
 * @param teacher null where the two answer about other classes
 */
export async function measureHelper(
  context: RunContext,
  phase: string,
  { file: given, model }: Pick<TrainedTeacher, "file" | "model">,
  teacher: MeasuredTeacher | null,
): Promise<ModelResult> {
  const file = fileOf({ file: given });
  const logits = [await classify(file, context.samples.test, context)];
  const reference = teacher ? { logits: teacher.logits[0]!, cosines: undefined } : undefined;
  return (await measure(context, context.folder.file(`${phase}.onnx`), file, model, logits, reference)).result;
}

/** Exports the first seed of an arm, and measures what all its seeds answer. */
export async function measureArm(
  context: RunContext,
  trained: TrainedArm,
  teacher: MeasuredTeacher | null,
): Promise<MeasuredArm> {
  const reference = teacher && {
    logits: teacher.logits[0]!,
    cosines: await mapCosines(context, trained, teacher),
  };
  const { model } = trained;
  const path = (file: string) => context.folder.file(`${armId(trained.arm)}${file}.onnx`);
  const student: Learner = { path: path(""), model, own: (values) => values };
  const measured = await measureLearner(context, trained, student, reference);
  const peers: MeasuredPeer[] = [];
  const answers: (readonly Float32Array[])[] = [];
  for (const peer of trained.peers) {
    const learner = { ...peer, path: path(`-${peer.name}`) };
    const { result, logits } = await measureLearner(
      context,
      trained,
      learner,
      reference && { ...reference, cosines: undefined },
    );
    const isTwin = isSameModel(peer.model, model, trained.transfer.dataset);
    peers.push({ name: peer.name, family: peer.model.family, isTwin, result });
    answers.push(logits);
  }
  const exits = trained.exits && measureExits(context, trained, trained.exits, [...answers, measured.logits]);
  return { ...measured, peers, exits, features: await measureFeatures(context, trained) };
}

/** One of the models that an arm trains, and the file that it is exported to. */
interface Learner extends Omit<Peer, "name"> {
  readonly path: string;
}

/** Exports and measures one of the models that an arm trains. */
async function measureLearner(
  context: RunContext,
  { seeds, transfer }: TrainedArm,
  { model, path, own }: Learner,
  reference: Reference | null,
): Promise<Measured> {
  const files = seeds.map(({ parameters }) => toOnnxModel(model, transfer.dataset, own(parameters)));
  writeFileAtomic(path, files[0]!);
  const logits: Float32Array[] = [];
  for (const file of files) logits.push(await classify(file, context.samples.test, context));
  const measured = await measure(context, path, files[0]!, model, logits, reference ?? undefined);
  if (!makesSmaller(context.recipe)) return measured;
  const compression = {
    compressedBytes: await gzippedSize(files[0]!),
    zeros: shareOfZeros(model, own(seeds[0]!.parameters)),
  };
  return { ...measured, result: { ...measured.result, compression } };
}

/** Whether some student of a recipe gets smaller while it learns. */
function makesSmaller(recipe: Recipe): boolean {
  return armsOf(recipe).some(({ compression }) => compression.quantize || compression.prune);
}

async function teacherMaps(context: RunContext, teacher: TrainedTeacher, logits: Float32Array) {
  const { recipe, samples, threads } = context;
  const { test } = samples;
  const { classes } = test.dataset;
  if (!hasClassMaps(modelFor(context, recipe.student.model), test.dataset)) return undefined;
  return classMaps(teacher.model, teacher.parameters, test, topClasses(logits, classes.length), threads);
}

/** How like the teacher's each seed's maps are. */
async function mapCosines(
  { samples: { test }, threads }: RunContext,
  { model, seeds }: TrainedArm,
  teacher: MeasuredTeacher,
): Promise<number[] | undefined> {
  if (!teacher.maps) return undefined;
  const tops = topClasses(teacher.logits[0]!, test.dataset.classes.length);
  const cosines: number[] = [];
  const { model: seen, convert } = model.deployed ?? { model, convert: (values: ModelValues) => values };
  for (const { parameters } of seeds) {
    const maps = await classMaps(seen, convert(parameters), test, tops, threads);
    cosines.push(meanMapCosine(teacher.maps, maps!));
  }
  return cosines;
}

/** What an arm is compared with. */
interface Reference {
  readonly logits: Float32Array;
  /** Likeness of maps, one entry a seed. */
  readonly cosines: readonly number[] | undefined;
}

async function measure(
  context: RunContext,
  path: string,
  file: Uint8Array,
  model: Model,
  logits: readonly Float32Array[],
  teacher?: Reference,
): Promise<Measured> {
  const { dataset } = context.samples.test;
  const result: ModelResult = {
    ...ofAnswers(context, logits, teacher),
    parameters: parameterCount(model),
    bytes: file.byteLength,
    latencyMs: await measureLatency(file, dataset),
    peakMemoryBytes: await measurePeakMemory(path, dataset),
  };
  return { logits, result };
}

/** What answers alone tell. */
function ofAnswers({ samples: { test } }: RunContext, logits: readonly Float32Array[], teacher?: Reference) {
  const classes = test.dataset.classes.length;
  const labels = splitLabels(test);
  const errors = logits.map((answers) => countErrors({ logits: answers, classes, labels }));
  const perSeed = (metric: (answers: Float32Array) => number) => spread(logits.map(metric));
  return {
    errors,
    testSize: labels.length,
    accuracy: spread(errors.map((count) => 1 - count / labels.length)),
    agreement: teacher ? perSeed((answers) => agreement(teacher.logits, answers, classes)) : null,
    klToTeacher: teacher ? perSeed((answers) => meanKl(teacher.logits, answers, classes)) : null,
    mapCosine: teacher?.cosines ? spread(teacher.cosines) : null,
    ece: perSeed((answers) => calibrationError({ logits: answers, classes, labels })),
  };
}

/** What prior matching makes of an arm whose transfer set lacked some classes. Test labels only judge it. */
export async function correctBiases(
  context: RunContext,
  trained: TrainedArm,
  measured: Measured,
  outputs: TeacherOutputs,
): Promise<CorrectedResult> {
  const { train, test } = context.samples;
  const { classes } = outputs;
  const absent = absentClasses(trained.transfer);
  const images = drawSubset(train, Math.min(CORRECTION_SAMPLES, train.indices.length), context.recipe.seed);
  const teacher = takeRows(outputs.logits, classes, images.indices);
  const labels = splitLabels(test);
  const offsets: number[] = [];
  for (const { parameters } of trained.seeds) {
    const logits = await classify(toOnnxModel(trained.model, train.dataset, parameters), images, context);
    offsets.push(matchPriors(logits, teacher, classes, absent));
  }
  const after = measured.logits.map((logits, i) => addToClasses(logits, classes, absent, offsets[i]!));
  const count = (all: readonly Float32Array[], chosen?: readonly number[]) =>
    all.map((logits) => errorsOn(logits, classes, labels, chosen));
  return {
    offsets,
    errors: count(after),
    absent: {
      before: count(measured.logits, absent),
      after: count(after, absent),
      size: labels.filter((label) => absent.includes(label)).length,
    },
  };
}

/** Errors among the samples of some classes; of all by default. */
function errorsOn(logits: Float32Array, classes: number, labels: Uint8Array, chosen?: readonly number[]): number {
  const rows = Uint32Array.from(labels.keys()).filter((row) => chosen?.includes(labels[row]!) ?? true);
  return countErrors({
    classes,
    logits: takeRows(logits, classes, rows),
    labels: Uint8Array.from(rows, (row) => labels[row]!),
  });
}

async function classify(file: Uint8Array, split: Split, { threads }: RunContext): Promise<Float32Array> {
  const classifier = await Classifier.load(file, split.dataset, threads);
  const logits = await classifier.classify(split);
  await classifier.release();
  return logits;
}
