import { dirname, resolve } from "node:path";
import type { z } from "zod";
import { readText } from "../support/files.js";
import { suggestion } from "../support/nearest.js";
import { EXTENDS, type Path, RecipeLayers } from "./layers.js";
import type { Finding } from "./mixing.js";
import { withWholeModels } from "./model-paths.js";
import { expandPreset } from "./presets/index.js";
import { type RecipeProblem, recipeError } from "./problem.js";
import { type Recipe, recipeSchema } from "./schema.js";
import { expandScheme } from "./schemes/index.js";
import { withWholeSource } from "./source-paths.js";
import { expandSpecialists } from "./specialists.js";
import { expandTask } from "./tasks/index.js";

/** Reads a recipe file. @throws LimbeckError FILE_MISSING, FILE_UNREADABLE, RECIPE_SYNTAX, RECIPE_INVALID */
export function readRecipe(path: string): Recipe {
  return parseRecipe(readText(path), path);
}

/**
 * Parses a recipe. `extends` names another one, relative to this; what is written here is laid over it.
 * @param file name for error messages, and where relative paths begin
 * @throws LimbeckError RECIPE_SYNTAX, RECIPE_INVALID; `value` holds every {@link RecipeProblem}
 */
export function parseRecipe(text: string, file: string): Recipe {
  const layers = new RecipeLayers(text, file);
  const result = recipeSchema.safeParse(expandTask(expandSpecialists(expandScheme(expandPreset(layers.value)))));
  if (result.success) return withWholePaths(layers, withWholeMoments(layers, result.data));
  const problems = result.error.issues.flatMap((issue) => problemsOf(issue, layers));
  throw recipeError("RECIPE_INVALID", problems, "`limbeck schema` prints all keys and what they take.");
}

/** Where a value stands in a recipe file: `recipe.yaml:7:5`. */
export function placeInRecipe(file: string, path: Path): string {
  const place = new RecipeLayers(readText(file), file).placeOf(path);
  return `${place.file}:${place.line}:${place.column}`;
}

/** What is wrong at a place of a recipe file, found after it was read. */
export function problemInRecipe(file: string, { path, message }: Finding): RecipeProblem {
  return { ...new RecipeLayers(readText(file), file).placeOf(path), path: formatPath(path), message };
}

/** Paths in a recipe are relative to the file that they stand in; a validated one has whole paths. */
function withWholePaths(layers: RecipeLayers, recipe: Recipe): Recipe {
  return withWholeSource(layers, withWholeModels(layers, recipe));
}

function withWholeMoments(layers: RecipeLayers, recipe: Recipe): Recipe {
  const { scheme } = recipe;
  if (typeof scheme.moments !== "string") return recipe;
  const from = dirname(layers.placeOf(["scheme", "moments"]).file);
  return { ...recipe, scheme: { ...scheme, moments: resolve(from, scheme.moments) } };
}

/** What is wrong, with its place. @param whole schema of the file */
export function problemsOf(
  issue: z.core.$ZodIssue,
  layers: RecipeLayers,
  whole: z.core.$ZodType = recipeSchema,
): RecipeProblem[] {
  const path = issue.path.filter((key) => typeof key !== "symbol");
  if (issue.code === "unrecognized_keys") {
    const known = siblingKeys(path, layers, whole);
    return issue.keys.map((key) => ({
      ...layers.placeOfKey(path, key),
      path: formatPath([...path, key]),
      message: `unknown key "${key}"${suggestion(key, known) || `; known keys: ${known.join(", ")}`}`,
    }));
  }
  if (issue.code === "invalid_union" && issue.errors.length > 0) return unionProblems(issue, path, layers, whole);
  return [{ ...layers.placeOf(path), path: formatPath(path), message: messageOf(issue, path, layers) }];
}

/** Of a union's members, the one that got farthest into what was written tells what is wrong. */
function unionProblems(
  issue: z.core.$ZodIssueInvalidUnion,
  path: Path,
  layers: RecipeLayers,
  whole: z.core.$ZodType,
): RecipeProblem[] {
  const value = layers.get(path);
  const isObject = typeof value === "object" && value !== null;
  const depth = (issues: readonly z.core.$ZodIssue[]) =>
    issues.some(({ code, path: inner }) => inner.length === 0 && (code === "invalid_type" || code === "invalid_value"))
      ? isObject
        ? -1
        : issues.some(({ code }) => code === "invalid_value")
          ? 1
          : 0
      : 2;
  const missing = (issues: readonly z.core.$ZodIssue[]) =>
    isObject ? issues.filter((issue) => !layers.has([...path, ...(issue.path as Path)])).length : 0;
  const worse = (a: readonly z.core.$ZodIssue[], b: readonly z.core.$ZodIssue[]) =>
    depth(b) - depth(a) ||
    missing(a) - missing(b) ||
    strangeKeys(a) - strangeKeys(b) ||
    problemCount(a) - problemCount(b);
  const best = [...issue.errors].sort(worse)[0]!;
  return best.flatMap((inner) => problemsOf({ ...inner, path: [...path, ...inner.path] }, layers, whole));
}

/** How many of a record's own keys are unknown. */
function strangeKeys(issues: readonly z.core.$ZodIssue[]): number {
  return problemCount(issues.filter(({ code, path }) => code === "unrecognized_keys" && path.length === 0));
}

function problemCount(issues: readonly z.core.$ZodIssue[]): number {
  return issues.reduce((sum, issue) => sum + (issue.code === "unrecognized_keys" ? issue.keys.length : 1), 0);
}

function messageOf(issue: z.core.$ZodIssue, path: Path, layers: RecipeLayers): string {
  const value = layers.get(path);
  const missing = !layers.has(path);
  if (issue.code === "invalid_value") {
    const options = issue.values.map(String);
    return missing
      ? `is missing; use one of ${options.join(", ")}`
      : `"${String(value)}" is not one of ${options.join(", ")}${suggestion(String(value), options)}`;
  }
  if (issue.code === "invalid_union") return discriminatorMessage(issue, path, layers);
  if (missing && issue.code === "invalid_type") return `is missing; it takes ${article(issue.expected)}`;
  return issue.message.replace(/^Invalid input: /, "").replace(/^Too /, "too ");
}

function discriminatorMessage(issue: z.core.$ZodIssueInvalidUnion, path: Path, layers: RecipeLayers): string {
  const options = discriminatorOptions(issue);
  const value = layers.get(path);
  const key = String(path.at(-1));
  const given = Object.keys(layers.get(path.slice(0, -1)) ?? {});
  const slip = value === undefined ? given.find((name) => suggestion(name, [key]) !== "") : undefined;
  if (slip !== undefined) return `unknown key "${slip}"; did you mean "${key}"?`;
  const shown = value === undefined ? "is missing; " : `"${String(value)}" is unknown; `;
  return `${shown}use one of ${options.join(", ")}${suggestion(String(value ?? ""), options)}`;
}

function discriminatorOptions(issue: z.core.$ZodIssueInvalidUnion): string[] {
  return "options" in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
}

function article(expected: string): string {
  return `${/^[aeio]/.test(expected) ? "an" : "a"} ${expected}`;
}

function formatPath(path: Path): string {
  return path.map((key, i) => (typeof key === "number" ? `[${key}]` : i === 0 ? key : `.${key}`)).join("");
}

/** Keys that may stand where an unknown one stood. */
function siblingKeys(path: Path, layers: RecipeLayers, whole: z.core.$ZodType): string[] {
  const schema = schemaAt(whole, path, layers, []);
  const keys = schema ? Object.keys(schema.shape) : [];
  return path.length === 0 ? [...keys, EXTENDS] : keys;
}

/** Walks down the schema beside the recipe; a union's member is picked by its discriminator's value. */
function schemaAt(schema: z.core.$ZodType, rest: Path, layers: RecipeLayers, done: Path): z.ZodObject | undefined {
  const { def } = schema._zod as unknown as { def: SchemaDef };
  if (def.innerType) return schemaAt(def.innerType, rest, layers, done);
  if (def.options) {
    const candidates = def.options.map((option) => schemaAt(option, rest, layers, done)).filter((x) => x !== undefined);
    const named = def.options.find((option) => fitsDiscriminator(option, def.discriminator, layers, done));
    return named ? schemaAt(named, rest, layers, done) : mostLike(candidates, layers.get([...done, ...rest]));
  }
  if (rest.length === 0) return def.shape ? (schema as unknown as z.ZodObject) : undefined;
  const [key, ...deeper] = rest;
  const next = typeof key === "number" ? def.element : (def.shape?.[key as string] ?? def.valueType);
  return next ? schemaAt(next, deeper, layers, [...done, key as string | number]) : undefined;
}

/** Of several objects, the one that has most of the keys which were written; the last of equals. */
function mostLike(candidates: readonly z.ZodObject[], written: unknown): z.ZodObject | undefined {
  const given = Object.keys(written ?? {});
  const shared = ({ shape }: z.ZodObject) => given.filter((key) => key in shape).length;
  return [...candidates].reverse().sort((a, b) => shared(b) - shared(a))[0];
}

interface SchemaDef {
  readonly innerType?: z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
  readonly discriminator?: string;
  readonly element?: z.core.$ZodType;
  readonly valueType?: z.core.$ZodType;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
}

function fitsDiscriminator(
  option: z.core.$ZodType,
  key: string | undefined,
  layers: RecipeLayers,
  done: Path,
): boolean {
  if (key === undefined) return false;
  const { def } = option._zod as unknown as { def: SchemaDef };
  const literal = def.shape?.[key]?._zod.def as unknown as { values?: readonly unknown[] } | undefined;
  return literal?.values?.includes(layers.get([...done, key])) ?? false;
}
