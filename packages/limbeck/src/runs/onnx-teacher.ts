import type { Recipe } from "../recipe/schema.js";
import { LimbeckError } from "../support/errors.js";
import { type OnnxTeacher, openOnnxTeacher } from "../teachers/onnx/teacher.js";
import { armsOf } from "./arms.js";
import type { RunFolder } from "./folder.js";
import type { RunSamples } from "./samples.js";

/** The teacher of a recipe that trains one. */
export function trainedTeacher({ teacher }: Recipe) {
  if (!teacher || "onnx" in teacher) throw new TypeError("the run trains no teacher");
  return teacher;
}

/**
 * Reads the teacher that a recipe names by its file, which must be the one that the run began with.
 * @returns nothing where the run trains its teacher, or has none
 * @throws LimbeckError RUN_INVALID, TEACHER_MISMATCH, FILE_MISSING, FILE_UNREADABLE
 */
export async function onnxTeacherOf(
  folder: RunFolder,
  recipe: Recipe,
  { train }: RunSamples,
): Promise<OnnxTeacher | undefined> {
  if (!recipe.teacher || !("onnx" in recipe.teacher)) return undefined;
  const { dataset } = train;
  const batches = armsOf(recipe).map((arm) => arm.train.batchSize);
  const teacher = await openOnnxTeacher(recipe.teacher, dataset, dataset.classes.length, batches);
  const known = folder.readRun().teacherSha256;
  if (known !== undefined && known !== teacher.sha256) {
    throw new LimbeckError("RUN_INVALID", `${recipe.teacher.onnx} is another file than when the run began`, {
      where: recipe.teacher.onnx,
      value: teacher.sha256,
      fix: "Bring the old file back, or begin a new run.",
    });
  }
  folder.updateRun({ teacherSha256: teacher.sha256 });
  return teacher;
}
