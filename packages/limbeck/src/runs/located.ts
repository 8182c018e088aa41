import { placeInRecipe } from "../recipe/parse.js";
import { LimbeckError } from "../support/errors.js";
import type { RunFolder } from "./folder.js";

/** A section of a recipe. */
export interface Place {
  /** Keys down to it. */
  readonly path: readonly (string | number)[];
  /** The same as text. */
  readonly where: string;
}

/**
 * Adds to an error about a file that is not merely asked which section it is about, and where the run folder's recipe says
 * what is wrong.
 */
export async function located<Result>(
  folder: RunFolder,
  { path, where }: Place,
  action: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof LimbeckError) || !["MODEL_MISMATCH", "TEACHER_MISMATCH"].includes(error.code)) throw error;
    const { message, value, fix } = error;
    const key = error.code === "MODEL_MISMATCH" ? error.where! : "onnx";
    const place = placeInRecipe(folder.file("recipe.yaml"), [...path, key]);
    const named = (text: string) => text.replaceAll("teacher.", `${where}.`).replaceAll("the teacher", "the file");
    throw new LimbeckError("MODEL_MISMATCH", `${place} ${where}.${key}: ${named(message)}`, {
      where: place,
      value,
      cause: error,
      ...(fix ? { fix: named(fix) } : {}),
    });
  }
}
