import { byLabelling, type ImageDataset, type Split, sampleName, splitLabels } from "../data/dataset.js";
import { findEqual } from "../data/duplicates.js";
import { findNearDuplicates } from "../data/near-duplicates/near-duplicates.js";
import { areBytes } from "../data/samples/samples.js";
import { drawAtMost } from "../data/split.js";
import { excerpt } from "../data/texts/excerpt.js";
import type {
  ClassCount,
  DataQuality,
  DuplicatePair,
  Duplicates,
  LabelCheck,
  NamedSample,
} from "../evaluate/data-quality.js";
import { doubtedLabels } from "../evaluate/label-noise.js";
import { takeRows } from "../evaluate/rows.js";
import type { Recipe } from "../recipe/schema.js";
import { isFiles } from "../recipe/source.js";
import { isBlackBox } from "../teachers/black-box/options.js";
import { Classifier } from "../teachers/classifier.js";
import { isExact } from "../teachers/storage.js";
import { fileOf } from "../teachers/voice.js";
import type { RunContext, TrainedTeacher } from "./context.js";
import { membersOf } from "./members.js";
import type { RunSamples } from "./samples.js";

/** Samples of each kind that are named. */
const NAMED = 200;

/** Training samples that a teacher is asked about where its answers to all of them are not there. */
const MOST_ASKED = 10_000;

/**
 * What there is to be said of a run's data.
 * @param testLogits the teacher's logits of the test samples
 */
export async function dataQuality(
  context: RunContext,
  teacher: TrainedTeacher | undefined,
  testLogits: Float32Array | undefined,
): Promise<DataQuality> {
  const { recipe, samples, signal } = context;
  const { train, test, note } = witnessOf(recipe);
  return {
    classes: countClasses(samples),
    duplicates: await checkDuplicates(samples, signal),
    labels: {
      train: train && teacher ? await checkTrainLabels(context, teacher, note) : notAsked(note),
      test: test && testLogits ? checkLabels(samples.test, testLogits, null) : notAsked(null),
    },
  };
}

/** By stored answers where they are as the teacher gave them, else by asking it about some samples. */
async function checkTrainLabels(
  { recipe, samples, threads }: RunContext,
  { file, voice, outputs }: TrainedTeacher,
  note: string | null,
): Promise<LabelCheck> {
  const { labelled } = byLabelling(samples.train);
  if (outputs && voice.file === file && isExact(recipe.answers, outputs.classes)) {
    return checkLabels(labelled, takeRows(outputs.logits, outputs.classes, labelled.indices), note);
  }
  const asked = drawAtMost(labelled, MOST_ASKED, recipe.seed);
  const classifier = await Classifier.load(fileOf({ file }), asked.dataset, threads);
  try {
    return checkLabels(asked, await classifier.classify(asked), note);
  } finally {
    await classifier.release();
  }
}

/** Labelled samples of each class. */
function countClasses({ train, test }: Pick<RunSamples, "train" | "test">): ClassCount[] {
  const counts = (split: Split) => {
    const labels = splitLabels(byLabelling(split).labelled);
    const found = new Array<number>(split.dataset.classes.length).fill(0);
    for (const label of labels) found[label]!++;
    return found;
  };
  const [learned, tested] = [counts(train), counts(test)];
  return train.dataset.classes.map((name, k) => ({ name, train: learned[k]!, test: tested[k]! }));
}

/** Samples for testing that are, or nearly are, samples to learn from. @throws the signal's reason */
export async function checkDuplicates(
  { train, test }: Pick<RunSamples, "train" | "test">,
  signal: AbortSignal,
): Promise<Duplicates> {
  const equal = findEqual(train, test);
  const isEqual = new Set(equal.map((pair) => pair.test));
  const isImages = sampleName(train.dataset) === "image" && areBytes(train.dataset.pixels);
  const others = { ...test, indices: test.indices.filter((index) => !isEqual.has(index)) };
  const near = isImages ? await findNearDuplicates(train, others, signal) : undefined;
  const pairs = [...equal.map((pair) => ({ ...pair, likeness: 1 })), ...(near?.pairs ?? [])];
  return {
    tested: test.indices.length,
    equal: equal.length,
    near: near?.pairs.length ?? null,
    reason: near
      ? null
      : train.dataset.text
        ? "Texts are compared byte by byte only: others may say the same in different words."
        : "Rows of numbers are compared value by value only: there is no picture whose details could be alike.",
    flat: near?.flat ?? 0,
    worst: pairs.slice(0, NAMED).map(
      (pair): DuplicatePair => ({
        test: named(test.dataset, pair.test),
        train: named(train.dataset, pair.train),
        likeness: pair.likeness,
      }),
    ),
  };
}

function named({ classes, labels, labelled = labels.length, paths, texts }: ImageDataset, index: number): NamedSample {
  const path = paths?.[index];
  return {
    index,
    label: index < labelled ? classes[labels[index]!]! : null,
    ...(path ? { path } : {}),
    ...(texts ? { text: excerpt(texts[index]!) } : {}),
  };
}

/** Whether a teacher's answers may contradict labels, and how they are to be taken. */
interface Witness {
  readonly train: boolean;
  readonly test: boolean;
  readonly note: string | null;
}

/** Whom to ask about labels. A teacher does not contradict what it has learned by heart. */
export function witnessOf(recipe: Recipe): Witness {
  if (!recipe.teacher) return { train: false, test: false, note: null };
  if (isFiles(recipe.data.source)) {
    return { train: false, test: false, note: "The labels are the teacher's own answers." };
  }
  if (membersOf(recipe).some(({ owns }) => owns)) {
    return { train: false, test: true, note: "Specialists know some classes only." };
  }
  if (membersOf(recipe).some(({ choice }) => "train" in choice)) {
    const note =
      "The teacher learned from these labels, wrong ones included, so that what it says of them tells nothing. A teacher that is an ONNX file would be asked.";
    return { train: false, test: true, note };
  }
  if (isBlackBox(recipe.teacher)) {
    return { train: false, test: true, note: "A teacher that is only asked is not asked more often for this." };
  }
  const note = "If the teacher's file learned from these very labels elsewhere, it contradicts fewer of them.";
  return { train: true, test: true, note };
}

/** Labels of some samples, and a teacher's logits of them. */
export function checkLabels({ dataset, indices }: Split, logits: Float32Array, note: string | null): LabelCheck {
  const { classes } = dataset;
  const doubts = doubtedLabels({ logits, classes: classes.length, labels: splitLabels({ dataset, indices }) });
  return {
    asked: indices.length,
    note,
    doubted: doubts.length,
    worst: doubts.slice(0, NAMED).map(({ row, answer, probability, labelProbability }) => ({
      ...named(dataset, indices[row]!),
      answer: classes[answer]!,
      probability,
      labelProbability,
    })),
  };
}

/** Labels that nobody was asked about. */
export function notAsked(note: string | null): LabelCheck {
  return { asked: 0, note, doubted: 0, worst: [] };
}
