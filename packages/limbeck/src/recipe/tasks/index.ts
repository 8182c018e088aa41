import { lossNamed } from "../../losses/index.js";
import { AUTO } from "../auto.js";
import type { Finding } from "../mixing.js";
import { isMapping } from "../presets/preset.js";
import { embedding } from "./embedding.js";
import { imageClassification } from "./image-classification.js";
import type { Task, Tasked, Terms } from "./task.js";

/** All tasks. */
export const tasks: readonly Task[] = [imageClassification, embedding];

/** A task's name and its options, as a recipe gives them. */
export type TaskChoice = { readonly name: string } & Readonly<Record<string, unknown>>;

/** The task of recipes that name none. */
export const CLASSIFICATION: TaskChoice = { name: imageClassification.name };

/** The record of a task that a recipe names. */
export function taskNamed(name: string): Task {
  const found = tasks.find((task) => task.name === name);
  if (!found) throw new TypeError(`no task ${name}`);
  return found;
}

/** Whether a recipe's samples have classes. */
export function hasClasses({ task }: { readonly task?: TaskChoice }): boolean {
  return taskNamed((task ?? CLASSIFICATION).name).hasClasses;
}

/** A written recipe with what its task adds; anything else as it is, for validation to judge. */
export function expandTask(written: unknown): unknown {
  if (!isMapping(written)) return written;
  const { task } = written;
  const name = isMapping(task) ? task.name : task;
  return tasks.find((known) => known.name === name)?.expand(written) ?? written;
}

/** What a recipe's task has no meaning for. */
export function unfitForTask(recipe: Tasked): Finding[] {
  const task = taskNamed(recipe.task.name);
  const { distill, variants } = recipe;
  return [
    ...task.unfit(recipe),
    ...withheld(task, distill, ["distill"]),
    ...variants.flatMap(({ distill: own }, v) => withheld(task, own ?? [], ["variants", v, "distill"])),
  ];
}

function withheld({ name, withholds }: Task, terms: Terms, path: Finding["path"]): Finding[] {
  return terms.flatMap(({ loss }, i) => {
    if (loss === AUTO) return [];
    const missing = lossNamed(String(loss)).needs.filter((need) => withholds.includes(need));
    const message = `${loss} needs ${missing.join(", ")}, which the ${name} task does not give`;
    return missing.length > 0 ? [{ path: [...path, i], message }] : [];
  });
}
