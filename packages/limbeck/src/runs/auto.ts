import type { Model } from "../models/model.js";
import type { DistillTerm, Recipe } from "../recipe/schema.js";
import { chooseTerms, isAuto } from "../schemes/auto/index.js";
import { type Arm, armsOf, isTaughtByChain } from "./arms.js";
import { linksOf } from "./chain.js";
import { modelFor } from "./context.js";
import { describeTerms } from "./describe-terms.js";
import type { AutoTerms } from "./folder.js";
import { drawTransferSet, type RunSamples } from "./samples.js";
import type { RunTeacher } from "./teacher.js";

/** A recipe with terms wherever it left them open, and why they were chosen. */
export interface SettledRecipe {
  readonly recipe: Recipe;
  readonly chosen: readonly AutoTerms[];
}

/** Two networks, and what the one learns from the other. */
interface Pair extends Pick<Arm, "train" | "transfer"> {
  /** Null for the main comparison. */
  readonly name: string | null;
  readonly student: Model;
  readonly teacher: Model;
  readonly hasSpecialists: boolean;
}

/**
 * Chooses the terms of the main comparison, and of assistants and variants that say `distill: auto`. A variant that says
 * nothing has those of the main comparison, so that nothing but its own changes differs; an assistant that says nothing has
 * terms of its own chosen, for its own pair of networks. Generations have those of the student.
 * @param teacher missing where the recipe has none; only recipes that have one may say `distill: auto`
 */
export function settleTerms(recipe: Recipe, samples: RunSamples, teacher: RunTeacher | undefined): SettledRecipe {
  const chosen: AutoTerms[] = [];
  const choose = ({ name, ...pair }: Pair): DistillTerm[] => {
    const split = drawTransferSet(samples.train, pair.transfer, recipe.seed);
    const { terms, reasons } = chooseTerms({ ...pair, split });
    chosen.push({ variant: name, terms: describeTerms(terms), reasons });
    return [...terms];
  };
  const { transfer } = recipe.data;
  const first = teacher && { teacher: teacher.model, hasSpecialists: teacher.live.specialists !== undefined };
  let last = first;
  const assistants = recipe.assistants.map((assistant, i) => {
    const { phase, train, terms } = linksOf(recipe)[i]!;
    const student = modelFor({ samples }, assistant.model);
    const settled = isAuto(terms) ? choose({ name: phase, student, ...last!, train, transfer }) : terms;
    last = { teacher: student, hasSpecialists: false };
    return isAuto(terms) ? { ...assistant, distill: [...settled] } : assistant;
  });
  const student = modelFor({ samples }, recipe.student.model);
  const arms = armsOf(recipe).filter(({ kind }) => kind === "student");
  const ofArm = (arm: Arm) => {
    const name = arm.variant?.name ?? null;
    return choose({ ...arm, name, student, ...(isTaughtByChain(arm) ? last : first)! });
  };
  const distill = isAuto(recipe.distill) ? ofArm(arms[0]!) : recipe.distill;
  const variants = recipe.variants.map((variant, i) =>
    variant.distill && isAuto(variant.distill) ? { ...variant, distill: ofArm(arms[i + 1]!) } : variant,
  );
  return { recipe: { ...recipe, assistants, distill, variants }, chosen };
}
