import type { Recipe } from "../recipe/schema.js";
import { LimbeckError } from "../support/errors.js";
import { type OnnxTeacher, openOnnxTeacher } from "../teachers/onnx/teacher.js";
import { armsOf } from "./arms.js";
import type { RunFolder } from "./folder.js";
import type { RunSamples } from "./samples.js";

/** What a recipe says of a teacher that the run trains; nothing where it brings one, or needs none. */
export function trainedTeacher({ teacher }: Recipe) {
  return teacher && !("onnx" in teacher) ? teacher : undefined;
}

/** What a recipe says of a teacher that it brings as a file. */
export function teacherFile({ teacher }: Recipe) {
  return teacher && "onnx" in teacher ? teacher : undefined;
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
  const file = teacherFile(recipe);
  if (!file) return undefined;
  const { dataset } = train;
  const batches = armsOf(recipe).map((arm) => arm.train.batchSize);
  const teacher = await openOnnxTeacher(file, dataset, dataset.classes.length, batches);
  const known = folder.readRun().teacherSha256;
  if (known !== undefined && known !== teacher.sha256) {
    throw new LimbeckError("RUN_INVALID", `${file.onnx} is another file than when the run began`, {
      where: file.onnx,
      value: teacher.sha256,
      fix: "Bring the old file back, or begin a new run.",
    });
  }
  folder.updateRun({ teacherSha256: teacher.sha256 });
  return teacher;
}
