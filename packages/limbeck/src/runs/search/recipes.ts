import type { DistillTerm, Recipe, TrainOptions } from "../../recipe/schema.js";
import { drawTransferSet, loadSamples } from "../samples.js";
import type { Rung } from "./ladder.js";

/** How candidates of a round are trained. */
export interface RoundPlan {
  readonly round: number;
  readonly rounds: number;
  /** Training samples that judge instead of the test part. */
  readonly validation: number;
  /** Transfer samples, of those that are left. */
  readonly transferSize: number;
}

/** How many samples candidates are compared on, and how many they learn from then. */
export async function splitForSearch(
  recipe: Recipe,
  trainSamples: number,
  signal: AbortSignal,
): Promise<Pick<RoundPlan, "validation" | "transferSize">> {
  const validation = Math.max(1, Math.round(trainSamples * recipe.search.validation));
  const { data, seed } = recipe;
  const { train } = await loadSamples({ ...recipe, data: { ...data, validation } }, signal);
  const { size, ...filter } = data.transfer;
  const left = drawTransferSet(train, filter, seed).indices.length;
  return { validation, transferSize: Math.min(size ?? left, left) };
}

/** The recipe by which a candidate is trained in a round: one seed, shorter but in the last round, and nothing beside it. */
export function roundRecipe(recipe: Recipe, { name, model }: Rung, plan: RoundPlan): Recipe {
  const share = 2 ** (plan.round - plan.rounds);
  const { train } = recipe.student;
  const epochs = Math.max(1, Math.ceil(train.epochs * share));
  const { data } = recipe;
  return {
    ...alone(recipe, name),
    seeds: 1,
    baseline: false,
    data: { ...data, validation: plan.validation, transfer: { ...data.transfer, size: plan.transferSize } },
    student: { model, train: { ...train, epochs, warmupEpochs: Math.min(train.warmupEpochs, epochs) } },
    distill: recipe.distill.map((term) => shortened(term, share)),
  };
}

/** The recipe of a finalist: the search's own, with the finalist as student. */
export function finalRecipe(recipe: Recipe, { name, model }: Rung): Recipe {
  return { ...alone(recipe, name), student: { ...recipe.student, model } };
}

/** Nothing but the main comparison; assistants are what they are for the student that the recipe names. */
function alone(recipe: Recipe, name: string): Recipe {
  const assistants = recipe.assistants.map((assistant) => ({
    ...assistant,
    train: assistant.train ?? (recipe.student.train as TrainOptions),
    distill: assistant.distill ?? recipe.distill,
  }));
  return { ...recipe, name, assistants, variants: [] };
}

/** A schedule in epochs must fit into a shorter training. */
function shortened(term: DistillTerm, share: number): DistillTerm {
  const schedule = term.schedule as { readonly epochs?: number } | undefined;
  if (schedule?.epochs === undefined) return term;
  return { ...term, schedule: { ...schedule, epochs: Math.max(1, Math.floor(schedule.epochs * share)) } };
}
