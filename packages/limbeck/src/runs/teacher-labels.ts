import { availableParallelism } from "node:os";
import { type ImageDataset, wholeSplit } from "../data/dataset.js";
import { topClasses } from "../evaluate/metrics.js";
import type { Recipe } from "../recipe/schema.js";
import { LimbeckError } from "../support/errors.js";
import { Classifier } from "../teachers/classifier.js";
import { countClasses } from "../teachers/onnx/file.js";
import { openOnnxTeacher } from "../teachers/onnx/teacher.js";

/** Labels are bytes. */
const MOST_CLASSES = 256;

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
  if (count > MOST_CLASSES || (names && names.length !== count)) {
    const few = `data.source.classes has ${names?.length} names, and the teacher ${count} classes`;
    const many = `the teacher tells ${count} classes apart; labels have room for ${MOST_CLASSES}`;
    throw new LimbeckError("RECIPE_INVALID", count > MOST_CLASSES ? many : few, {
      where: count > MOST_CLASSES ? "teacher" : "data.source.classes",
      value: count,
      fix:
        count > MOST_CLASSES
          ? "Choose some of them by teacher.classes."
          : "Name each class once, in the teacher's order.",
    });
  }
  const classes = names ?? Array.from({ length: count }, (_, i) => String(i));
  const { file } = await openOnnxTeacher(teacher, samples, count, []);
  const classifier = await Classifier.load(file, samples, availableParallelism());
  const labelled = { ...samples, classes, labels: new Uint8Array(samples.size) };
  try {
    for await (const { first, logits } of classifier.batches(wholeSplit(labelled))) {
      signal.throwIfAborted();
      labelled.labels.set(topClasses(logits, count), first);
    }
  } finally {
    await classifier.release();
  }
  return labelled;
}
