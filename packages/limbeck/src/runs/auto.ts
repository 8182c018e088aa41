import { buildModel, type ModelChoice } from "../models/index.js";
import type { Model } from "../models/model.js";
import type { DistillTerm, Recipe } from "../recipe/schema.js";
import { chooseTerms, isAuto } from "../schemes/auto/index.js";
import { type Arm, armsOf } from "./arms.js";
import { describeTerms } from "./describe-terms.js";
import type { AutoTerms } from "./folder.js";
import { trainedTeacher } from "./onnx-teacher.js";
import { drawTransferSet, type RunSamples } from "./samples.js";

/** A recipe with terms wherever it left them open, and why they were chosen. */
export interface SettledRecipe {
  readonly recipe: Recipe;
  readonly chosen: readonly AutoTerms[];
}

/**
 * Chooses the terms of the main comparison and of variants that say `distill: auto`. A variant that says nothing has those
 * of the main comparison, so that nothing but its own changes differs.
 */
export function settleTerms(recipe: Recipe, samples: RunSamples, onnxTeacher?: Model): SettledRecipe {
  const { dataset } = samples.train;
  const build = (choice: unknown) => buildModel(choice as ModelChoice, dataset, dataset.classes.length);
  const chosen: AutoTerms[] = [];
  const choose = ({ train, transfer, variant }: Arm): DistillTerm[] => {
    const { terms, reasons } = chooseTerms({
      student: build(recipe.student.model),
      teacher: onnxTeacher ?? build(trainedTeacher(recipe)!.model),
      split: drawTransferSet(samples.train, transfer, recipe.seed),
      train,
    });
    chosen.push({ variant: variant?.name ?? null, terms: describeTerms(terms), reasons });
    return [...terms];
  };
  const arms = armsOf(recipe).filter(({ kind }) => kind === "student");
  const distill = isAuto(recipe.distill) ? choose(arms[0]!) : recipe.distill;
  const variants = recipe.variants.map((variant, i) =>
    variant.distill && isAuto(variant.distill) ? { ...variant, distill: choose(arms[i + 1]!) } : variant,
  );
  return { recipe: { ...recipe, distill, variants }, chosen };
}
