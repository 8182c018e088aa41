import { byLabelling, wholeSplit, withAnswers } from "../data/dataset.js";
import { topClasses } from "../evaluate/metrics.js";
import { takeRows } from "../evaluate/rows.js";
import type { Recipe } from "../recipe/schema.js";
import { isAudio, isFolder, isTexts } from "../recipe/source.js";
import { readBytes } from "../support/files.js";
import { Classifier } from "../teachers/classifier.js";
import type { Voice } from "../teachers/voice.js";
import { UNLABELLED } from "./chain.js";
import type { RunContext } from "./context.js";
import type { RunEvent } from "./events.js";
import { label } from "./labelling.js";
import { fingerprint, type RunSamples } from "./samples.js";

/** Whether there are samples that only the run's teacher can label, once it is trained. */
export function awaitsLabels({ data: { source }, teacher }: Pick<Recipe, "data" | "teacher">): boolean {
  return (
    (isFolder(source) || isAudio(source) || isTexts(source)) &&
    source.unlabelled !== undefined &&
    teacher !== undefined &&
    !("onnx" in teacher)
  );
}

/** The run with the teacher's most probable classes as labels of what nobody else has labelled; kept, so that they stay the same. */
export async function* labelUnlabelled(context: RunContext, voice: Voice): AsyncGenerator<RunEvent, RunContext> {
  if (!awaitsLabels(context.recipe)) return context;
  const { dataset } = context.samples.train;
  const { others: split } = byLabelling(wholeSplit(dataset));
  const classes = dataset.classes.length;
  const { logits } = yield* label(context, voice, UNLABELLED, { split, storage: { dtype: "float32" }, classes });
  const samples = withLabels(context.samples, topClasses(takeRows(logits, classes, split.indices), classes));
  return { ...context, samples, dataSha256: fingerprint(samples) };
}

/** The same for whoever reads the run folder later, by the teacher's file. */
export async function labelledByFile(samples: RunSamples, path: string, threads: number): Promise<RunSamples> {
  const { dataset } = samples.train;
  const classifier = await Classifier.load(readBytes(path), dataset, threads);
  try {
    const { others } = byLabelling(wholeSplit(dataset));
    return withLabels(samples, topClasses(await classifier.classify(others), dataset.classes.length));
  } finally {
    await classifier.release();
  }
}

function withLabels(samples: RunSamples, answers: Uint8Array): RunSamples {
  const { train } = samples;
  return { ...samples, train: { ...train, dataset: withAnswers(train.dataset, answers) } };
}
