import { parseRecipe } from "../../src/recipe/parse.js";
import type { RecipeProblem } from "../../src/recipe/problem.js";
import type { LimbeckError } from "../../src/support/errors.js";

/** What is wrong with a recipe, a line for each problem. */
export function problemOf(text: string): string {
  try {
    parseRecipe(text, "r.yaml");
  } catch (error) {
    const problems = (error as LimbeckError).value as readonly RecipeProblem[];
    return problems.map(({ line, column, path, message }) => `${line}:${column} ${path} ${message}`).join("\n");
  }
  throw new Error("nothing was thrown");
}
