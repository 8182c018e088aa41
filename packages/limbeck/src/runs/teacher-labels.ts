import { availableParallelism } from "node:os";
import { byLabelling, type ImageDataset, MOST_CLASSES, type Split, wholeSplit, withAnswers } from "../data/dataset.js";
import { topClasses } from "../evaluate/metrics.js";
import type { Recipe } from "../recipe/schema.js";
import { LimbeckError } from "../support/errors.js";
import { Breath } from "../support/timer.js";
import { Classifier } from "../teachers/classifier.js";
import { countClasses } from "../teachers/onnx/file.js";
import type { OnnxTeacherOptions } from "../teachers/onnx/options.js";
import { openOnnxTeacher } from "../teachers/onnx/teacher.js";

/**
 * Samples that nobody has labelled, with the teacher's most probable classes as labels.
 * @param names of the teacher's classes; by default their numbers
 * @throws LimbeckError RECIPE_INVALID where there are not as many names as classes; TEACHER_MISMATCH, FILE_MISSING,
 *   FILE_UNREADABLE; the signal's reason
 */
export async function labelledByTeacher(
  samples: ImageDataset,
  teacher: Recipe["teacher"],
  names: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<ImageDataset> {
  if (!teacher || !("onnx" in teacher)) {
    throw new LimbeckError("RECIPE_INVALID", "files have no labels without a teacher that is an ONNX file", {
      where: "teacher",
      fix: "Name one as teacher.onnx, or take the recipe or run folder that names it.",
    });
  }
  const count = await countClasses(teacher, samples);
  if (count > MOST_CLASSES) {
    const message = `the teacher tells ${count} classes apart; labels have room for ${MOST_CLASSES}`;
    const fix = "Choose some of them by teacher.classes.";
    throw new LimbeckError("RECIPE_INVALID", message, { where: "teacher", value: count, fix });
  }
  if (names && names.length !== count) {
    const message = `data.source.classes has ${names.length} names, and the teacher ${count} classes`;
    const fix = "Name each class once, in the teacher's order.";
    throw new LimbeckError("RECIPE_INVALID", message, { where: "data.source.classes", value: count, fix });
  }
  const classes = names ?? Array.from({ length: count }, (_, i) => String(i));
  const whole = wholeSplit({ ...samples, classes });
  return { ...whole.dataset, labels: await topAnswers(whole, teacher, signal) };
}

/**
 * Samples of known classes, of which those that nobody has labelled get the teacher's most probable classes as labels; a teacher
 * that is yet to be trained gives them later, and until then they are 0.
 * @throws LimbeckError TEACHER_MISMATCH, FILE_MISSING, FILE_UNREADABLE; the signal's reason
 */
export async function restLabelledByTeacher(
  samples: ImageDataset,
  teacher: Recipe["teacher"],
  signal: AbortSignal,
): Promise<ImageDataset> {
  const { others } = byLabelling(wholeSplit(samples));
  if (others.indices.length === 0 || !teacher || !("onnx" in teacher)) return samples;
  return withAnswers(samples, await topAnswers(others, teacher, signal));
}

/** [samples], a teacher's most probable classes, among those of the data set. */
async function topAnswers(split: Split, teacher: OnnxTeacherOptions, signal: AbortSignal): Promise<Uint8Array> {
  const { dataset, indices } = split;
  const count = dataset.classes.length;
  const { file } = await openOnnxTeacher(teacher, dataset, count, [], { names: dataset.classes });
  const classifier = await Classifier.load(file, dataset, availableParallelism());
  const labels = new Uint8Array(indices.length);
  const breath = new Breath();
  try {
    for await (const { first, logits } of classifier.batches(split)) {
      await breath.take();
      signal.throwIfAborted();
      labels.set(topClasses(logits, count), first);
    }
  } finally {
    await classifier.release();
  }
  return labels;
}
