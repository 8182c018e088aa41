import type { RunResults, TaskResults } from "../evaluate/results.js";
import { areEmbeddings } from "../evaluate/results.js";
import type { Recipe } from "../recipe/schema.js";
import { hasClasses } from "../recipe/tasks/index.js";
import { LimbeckError } from "../support/errors.js";

/** @param what looks at classes, as a message begins with it @throws LimbeckError RECIPE_INVALID where the recipe's samples have none */
export function requireClasses(
  recipe: Pick<Recipe, "task">,
  what: string,
  fix = "`limbeck run` measures embeddings itself: results are in run.json and report.html.",
): void {
  if (hasClasses(recipe)) return;
  throw new LimbeckError("RECIPE_INVALID", `${what} looks at classes, and this recipe's task is ${recipe.task.name}`, {
    where: "task",
    value: recipe.task.name,
    fix,
  });
}

/** The results of a recipe whose samples have classes. */
export function classResults(results: TaskResults): RunResults {
  if (areEmbeddings(results)) throw new TypeError("a recipe without classes was let through");
  return results;
}
