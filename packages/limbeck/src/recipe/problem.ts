import { LimbeckError } from "../support/errors.js";

/** One thing that is wrong with a recipe, and where. */
export interface RecipeProblem {
  /** The recipe's file, or one that it extends. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Keys down to the place, such as `student.train.epochs`. */
  readonly path: string;
  readonly message: string;
}

/** All that is wrong, one line each. */
export function recipeError(
  code: "RECIPE_SYNTAX" | "RECIPE_INVALID",
  problems: readonly RecipeProblem[],
  fix: string,
): LimbeckError {
  const lines = problems.map(({ file, line, column, path, message }) => {
    return `${file}:${line}:${column} ${path ? `${path}: ` : ""}${message}`;
  });
  const first = problems[0]!;
  const where = `${first.file}:${first.line}:${first.column}`;
  return new LimbeckError(code, lines.join("\n"), { value: problems, where, fix });
}
