import type { ImageGeometry } from "../data/dataset.js";
import { mlp } from "./mlp.js";
import type { Model, ModelFamily } from "./model.js";

/** All model families. */
export const modelFamilies = [mlp] as const;

/** A family's name and its options, as a recipe gives them. */
export type ModelChoice = { readonly family: string } & Readonly<Record<string, unknown>>;

/** Builds the model that a recipe names. */
export function buildModel(choice: ModelChoice, geometry: ImageGeometry, classes: number): Model {
  const { family, ...options } = choice;
  const found = (modelFamilies as readonly ModelFamily[]).find(({ name }) => name === family);
  if (!found) throw new TypeError(`no model family ${family}`);
  return found.build(found.options.parse(options), geometry, classes);
}
