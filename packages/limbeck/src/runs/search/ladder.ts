import { buildModel, type ModelChoice, modelFamilies } from "../../models/index.js";
import type { ModelFamily } from "../../models/model.js";
import { isFile, type Recipe } from "../../recipe/schema.js";
import { LimbeckError } from "../../support/errors.js";
import { canonicalJson } from "../../support/json.js";
import type { RunSamples } from "../samples.js";

/** Factors by which widths are scaled. */
const SCALES = [1 / 8, 1 / 4, 1 / 2, 1, 2];

/** Options that say how wide a model is. */
const WIDTHS = ["width", "hidden", "dim"];

/** A student to choose from, with a name that tells it from the others. */
export interface Rung {
  readonly name: string;
  readonly model: ModelChoice;
}

/**
 * The students that a search begins with: those that the recipe names, or the student's own model in other widths and the
 * well-known members of its family. Models that do not take the data's images are left out of the latter.
 */
export function ladderOf({ search, student }: Recipe, samples: RunSamples): Rung[] {
  if (search.students) return named(unique(search.students as ModelChoice[]));
  const own = student.model;
  if (isFile(own)) throw noRelatives(own.onnx);
  const model = own as ModelChoice;
  const family = (modelFamilies as readonly ModelFamily[]).find(({ name }) => name === model.family)!;
  const members = family.members.map(({ options }) => ({ ...model, ...(options as object) }));
  return named(unique([...scaled(model), ...members].filter((member) => fits(member, samples))));
}

function noRelatives(file: string): LimbeckError {
  return new LimbeckError(
    "RECIPE_INVALID",
    "the student is an ONNX file, of which there are no smaller and larger ones",
    {
      where: "search.students",
      value: file,
      fix: "Name models to choose from: `search: { students: [...] }`.",
    },
  );
}

function scaled(model: ModelChoice): ModelChoice[] {
  return SCALES.map((scale) => {
    const changes = WIDTHS.flatMap((key) => (key in model ? [[key, times(model[key], scale)]] : []));
    return { ...model, ...Object.fromEntries(changes) };
  });
}

function times(value: unknown, scale: number): unknown {
  if (Array.isArray(value)) return value.map((each) => times(each, scale));
  if (typeof value !== "number") return value;
  return Number.isInteger(value) && value > 1 ? Math.max(1, Math.round(value * scale)) : value * scale;
}

function fits(model: ModelChoice, { train: { dataset } }: RunSamples): boolean {
  try {
    buildModel(model, dataset, dataset.classes.length);
    return true;
  } catch (error) {
    if (error instanceof LimbeckError) return false;
    throw error;
  }
}

function unique(models: readonly ModelChoice[]): ModelChoice[] {
  return [...new Map(models.map((model) => [canonicalJson(model), model])).values()];
}

/** Names made of the family and of what differs between its members. */
function named(models: readonly ModelChoice[]): Rung[] {
  return models.map((model) => {
    const family = models.filter((other) => other.family === model.family);
    const keys = Object.keys(model).filter((key) => new Set(family.map((other) => canonicalJson(other[key]))).size > 1);
    const facts = keys.map((key) => canonicalJson(model[key]).replaceAll(/[^A-Za-z0-9.]+/g, "-"));
    const name = [model.family, ...facts].join("-").replaceAll(/-+/g, "-").replace(/-$/, "");
    return { name, model };
  });
}
