import { existsSync } from "node:fs";
import { byLabelling, type ImageDataset, type Split, splitLabels } from "../data/dataset.js";
import { mixesImages } from "../data/mix/index.js";
import { drawAtMost } from "../data/split.js";
import type { EmbeddingFindings } from "../doctor/embedding/facts.js";
import type { ClassSize, Findings, NetworkFacts, Seen, StudentFacts } from "../doctor/facts.js";
import { answerFacts, logitSpread, temperatureFacts } from "../doctor/measure.js";
import { agreement, countErrors, meanKl } from "../evaluate/metrics.js";
import { modelCost } from "../models/inference.js";
import { type Model, parameterCount } from "../models/model.js";
import type { Recipe } from "../recipe/schema.js";
import { LimbeckError } from "../support/errors.js";
import { readBytes } from "../support/files.js";
import { isBlackBox } from "../teachers/black-box/options.js";
import { Classifier } from "../teachers/classifier.js";
import { armsOf, phaseId, seedsOf } from "./arms.js";
import { classResults } from "./classes-only.js";
import { modelFor } from "./context.js";
import { checkDuplicates, checkLabels, notAsked, witnessOf } from "./data-quality.js";
import { diagnoseEmbeddings } from "./embedding/diagnose.js";
import { fetchedRecipe } from "./fetched.js";
import type { RunFolder } from "./folder.js";
import { membersOf } from "./members.js";
import { readNetworks } from "./networks.js";
import { requireSameData } from "./same-data.js";
import { absentClasses, drawTransferSet, loadSamples } from "./samples.js";
import { readTeacher } from "./teacher.js";
import { awaitsLabels, labelledByFile } from "./unlabelled.js";

/** Images of each part that networks are asked about. */
const MOST_IMAGES = 5000;

/** Images that the doctor asks about. */
type Asked = Record<keyof Seen, Split>;

type Diagnose<Found> = (folder: RunFolder, threads: number, signal: AbortSignal) => Promise<Found>;

/** By task. */
const DIAGNOSES: Readonly<Record<string, Diagnose<Findings | EmbeddingFindings>>> = {
  "image-classification": diagnoseClasses,
  embedding: diagnoseEmbeddings,
};

/** Measures the networks of a run whatever its task is, as {@link diagnoseClasses} and {@link diagnoseEmbeddings} do. */
export async function diagnose(
  folder: RunFolder,
  threads: number,
  signal: AbortSignal,
): Promise<Findings | EmbeddingFindings> {
  const recipe = folder.recipe();
  requireTeacher(folder, recipe);
  return DIAGNOSES[recipe.task.name]!(folder, threads, signal);
}

/**
 * Measures the networks of a run's main comparison: its teacher, and its first student where the run is done. Reads the run
 * folder and changes nothing in it; the same folder always gives the same.
 * @throws LimbeckError RECIPE_INVALID where the recipe has no teacher; RUN_INVALID where it is not trained yet, or data have changed; what loading data throws
 */
export async function diagnoseClasses(folder: RunFolder, threads: number, signal: AbortSignal): Promise<Findings> {
  const recipe = await fetchedRecipe(folder, signal);
  const loaded = await readNetworks(folder, recipe, await loadSamples(recipe, signal));
  requireSameData(folder, loaded);
  const samples = awaitsLabels(recipe) ? await labelledByFile(loaded, folder.file("teacher.onnx"), threads) : loaded;
  const { dataset } = samples.train;
  const transfer = drawTransferSet(samples.train, recipe.data.transfer, recipe.seed);
  // On what it has labelled itself, the teacher is always right.
  const { labelled } = byLabelling(transfer);
  const asked = {
    transfer: drawAtMost(labelled.indices.length > 0 ? labelled : transfer, MOST_IMAGES, recipe.seed),
    heldOut: drawAtMost(samples.test, MOST_IMAGES, recipe.seed),
  };
  const classes = dataset.classes.length;
  const answers = await ask(folder, "teacher.onnx", asked, threads);
  const facts = (part: keyof Seen) => answerFacts({ logits: answers[part], classes, labels: splitLabels(asked[part]) });
  const { results } = folder.readRun();
  const witness = witnessOf(recipe);
  return {
    classes,
    teacher: {
      ...networkFacts((await readTeacher(folder, recipe, samples))!.model, dataset),
      transfer: facts("transfer"),
      heldOut: facts("heldOut"),
      temperature: temperatureFacts(answers.transfer, classes),
      isMixed: isMixed(recipe),
    },
    student: networkFacts(modelFor({ samples }, recipe.student.model), dataset),
    transferSet: {
      samples: transfer.indices.length,
      absent: absentClasses(transfer).map((k) => dataset.classes[k]!),
      ...extremes(transfer),
    },
    duplicates: await checkDuplicates(samples, signal),
    labels: {
      train: witness.train ? checkLabels(asked.transfer, answers.transfer, witness.note) : notAsked(witness.note),
      test: witness.test ? checkLabels(asked.heldOut, answers.heldOut, null) : notAsked(witness.note),
    },
    terms: recipe.distill,
    train: recipe.student.train,
    correctsBiases: recipe.variants.some(({ correctBiases }) => correctBiases),
    trained: results ? await studentFacts(folder, asked, answers, threads) : null,
    baselineAccuracy: (results && classResults(results).baseline?.accuracy.mean) ?? null,
  };
}

/** The classes with the most and the fewest samples, of those that have any. */
function extremes(split: Split): { readonly largest: ClassSize; readonly smallest: ClassSize } {
  const counts = split.dataset.classes.map((name) => ({ name, samples: 0 }));
  for (const label of splitLabels(split)) counts[label]!.samples++;
  const sorted = counts.filter(({ samples }) => samples > 0).sort((a, b) => b.samples - a.samples);
  return { largest: sorted[0]!, smallest: sorted.at(-1)! };
}

function requireTeacher(folder: RunFolder, { teacher }: Recipe): void {
  if (!teacher) {
    throw new LimbeckError(
      "RECIPE_INVALID",
      "the doctor looks at a teacher and a student, and this recipe has no teacher",
      {
        where: folder.path,
        fix: "Add a teacher section, or run the recipe: its report compares the student with the baseline.",
      },
    );
  }
  if (isBlackBox(teacher)) {
    throw new LimbeckError("RECIPE_INVALID", "the doctor looks at networks, and this teacher is only asked", {
      where: folder.path,
      fix: "The report of the run compares its answers with the student's.",
    });
  }
  if (existsSync(folder.file("teacher.onnx"))) return;
  throw new LimbeckError("RUN_INVALID", `${folder.path} has no teacher yet`, {
    where: folder.path,
    fix: "Go on with `limbeck resume`, or name the recipe: its teacher is then trained.",
  });
}

function networkFacts(model: Model, dataset: ImageDataset): NetworkFacts {
  return { family: model.family, parameters: parameterCount(model), macs: modelCost(model, dataset).macs };
}

function isMixed(recipe: Recipe): boolean {
  return membersOf(recipe).some(({ choice }) => "train" in choice && mixesImages(choice.train.augment));
}

async function ask(
  folder: RunFolder,
  name: string,
  { transfer, heldOut }: Asked,
  threads: number,
): Promise<Record<keyof Seen, Float32Array>> {
  const classifier = await Classifier.load(readBytes(folder.file(name)), transfer.dataset, threads);
  try {
    return { transfer: await classifier.classify(transfer), heldOut: await classifier.classify(heldOut) };
  } finally {
    await classifier.release();
  }
}

/** What the first student answers, which is the one that is exported. */
async function studentFacts(
  folder: RunFolder,
  asked: Asked,
  teacher: Record<keyof Seen, Float32Array>,
  threads: number,
): Promise<StudentFacts> {
  const student = await ask(folder, "student.onnx", asked, threads);
  const classes = asked.transfer.dataset.classes.length;
  const seen = (figure: (part: keyof Seen) => number): Seen => ({
    transfer: figure("transfer"),
    heldOut: figure("heldOut"),
  });
  return {
    agreement: seen((part) => agreement(teacher[part], student[part], classes)),
    kl: seen((part) => meanKl(teacher[part], student[part], classes)),
    accuracy: seen((part) => {
      const labels = splitLabels(asked[part]);
      return 1 - countErrors({ logits: student[part], classes, labels }) / labels.length;
    }),
    logitSpread: logitSpread(student.heldOut, classes),
    curve: curveOf(folder),
  };
}

function curveOf(folder: RunFolder): StudentFacts["curve"] {
  const recipe = folder.recipe();
  const epochs = folder.epochs().get(phaseId(armsOf(recipe)[0]!, seedsOf(recipe)[0]!)) ?? [];
  return epochs.flatMap(({ epoch, errors }) => (errors === null ? [] : [{ epoch, errors }]));
}
