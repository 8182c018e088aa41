import { stringify } from "yaml";
import { AUTO } from "./auto.js";
import type { DistillTerm, Recipe } from "./schema.js";

/** A recipe as YAML that reads as the same recipe. */
export function recipeText(recipe: Recipe): string {
  const variants = recipe.variants.map((variant) =>
    variant.distill ? { ...variant, distill: written(variant.distill) } : variant,
  );
  const assistants = recipe.assistants.map((assistant) =>
    assistant.distill ? { ...assistant, distill: written(assistant.distill) } : assistant,
  );
  return stringify({ ...recipe, assistants, distill: written(recipe.distill), variants });
}

/** Terms that are to be chosen are written as one word. */
function written(terms: readonly DistillTerm[]): unknown {
  return terms[0]?.loss === AUTO ? AUTO : terms;
}
