import { dirname, resolve } from "node:path";
import { type Document, isMap, isNode, isPair, isScalar, LineCounter, type Node, parseDocument } from "yaml";
import type { z } from "zod";
import { LimbeckError } from "../support/errors.js";
import { readText } from "../support/files.js";
import { nearestWord } from "../support/nearest.js";
import { type Recipe, recipeSchema } from "./schema.js";

/** One thing that is wrong with a recipe, and where. */
export interface RecipeProblem {
  readonly line: number;
  readonly column: number;
  /** Keys down to the place, such as `student.train.epochs`. */
  readonly path: string;
  readonly message: string;
}

/** Reads a recipe file. @throws LimbeckError FILE_MISSING, FILE_UNREADABLE, RECIPE_SYNTAX, RECIPE_INVALID */
export function readRecipe(path: string): Recipe {
  return parseRecipe(readText(path), path);
}

/**
 * Parses a recipe.
 * @param file name for error messages
 * @throws LimbeckError RECIPE_SYNTAX, RECIPE_INVALID; `value` holds every {@link RecipeProblem}
 */
export function parseRecipe(text: string, file: string): Recipe {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const position = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => ({
      ...position(error.pos[0]),
      path: "",
      message: error.message.split("\n")[0]!,
    }));
    throw recipeError("RECIPE_SYNTAX", file, problems, "Correct the YAML: indentation, colons, brackets and quotes.");
  }
  const result = recipeSchema.safeParse(toValue(document, file));
  if (result.success) return withPathsFrom(dirname(file), result.data);
  const problems = result.error.issues.flatMap((issue) => problemsOf(issue, document, position));
  throw recipeError("RECIPE_INVALID", file, problems, "`limbeck schema` prints all keys and what they take.");
}

/** Aliases can be unknown, or expand to more than fits into memory. */
function toValue(document: Document, file: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw recipeError(
      "RECIPE_SYNTAX",
      file,
      [{ line: 1, column: 1, path: "", message }],
      "Write out what * refers to.",
    );
  }
}

/** Paths in a recipe are relative to it; a validated one has whole paths. */
function withPathsFrom(folder: string, recipe: Recipe): Recipe {
  const { teacher } = recipe;
  if ("onnx" in teacher) {
    return withDataFrom(folder, { ...recipe, teacher: { ...teacher, onnx: resolve(folder, teacher.onnx) } });
  }
  return withDataFrom(folder, recipe);
}

function withDataFrom(folder: string, recipe: Recipe): Recipe {
  const { source } = recipe.data;
  if (typeof source === "string") return recipe;
  const whole = ({ images, labels }: { images: string; labels: string }) => ({
    images: resolve(folder, images),
    labels: resolve(folder, labels),
  });
  const test = source.test ? { test: whole(source.test) } : {};
  return { ...recipe, data: { ...recipe.data, source: { ...source, train: whole(source.train), ...test } } };
}

type Position = (offset: number) => { line: number; column: number };
type Path = readonly (string | number)[];

function recipeError(
  code: "RECIPE_SYNTAX" | "RECIPE_INVALID",
  file: string,
  problems: readonly RecipeProblem[],
  fix: string,
) {
  const lines = problems.map(({ line, column, path, message }) => {
    return `${file}:${line}:${column} ${path ? `${path}: ` : ""}${message}`;
  });
  const first = problems[0]!;
  const where = `${file}:${first.line}:${first.column}`;
  return new LimbeckError(code, lines.join("\n"), { value: problems, where, fix });
}

function problemsOf(issue: z.core.$ZodIssue, document: Document, position: Position): RecipeProblem[] {
  const path = issue.path.filter((key) => typeof key !== "symbol");
  if (issue.code === "unrecognized_keys") {
    const known = siblingKeys(path, document);
    return issue.keys.map((key) => ({
      ...position(offsetOfKey(document, path, key)),
      path: formatPath([...path, key]),
      message: `unknown key "${key}"${suggestion(key, known) || `; known keys: ${known.join(", ")}`}`,
    }));
  }
  if (issue.code === "invalid_union" && issue.errors.length > 0) return unionProblems(issue, path, document, position);
  return [{ ...position(offsetOf(document, path)), path: formatPath(path), message: messageOf(issue, path, document) }];
}

/** Of a union's members, the one that got farthest into what was written tells what is wrong. */
function unionProblems(
  issue: z.core.$ZodIssueInvalidUnion,
  path: Path,
  document: Document,
  position: Position,
): RecipeProblem[] {
  const value = document.getIn(path, false);
  const isObject = typeof value === "object" && value !== null;
  const depth = (issues: readonly z.core.$ZodIssue[]) =>
    issues.some(({ code, path: inner }) => inner.length === 0 && (code === "invalid_type" || code === "invalid_value"))
      ? isObject
        ? -1
        : issues.some(({ code }) => code === "invalid_value")
          ? 1
          : 0
      : 2;
  const best = [...issue.errors].sort((a, b) => depth(b) - depth(a) || problemCount(a) - problemCount(b))[0]!;
  return best.flatMap((inner) => problemsOf({ ...inner, path: [...path, ...inner.path] }, document, position));
}

function problemCount(issues: readonly z.core.$ZodIssue[]): number {
  return issues.reduce((sum, issue) => sum + (issue.code === "unrecognized_keys" ? issue.keys.length : 1), 0);
}

function messageOf(issue: z.core.$ZodIssue, path: Path, document: Document): string {
  const value = document.getIn(path, false);
  const missing = !document.hasIn(path);
  if (issue.code === "invalid_value") {
    const options = issue.values.map(String);
    return missing
      ? `is missing; use one of ${options.join(", ")}`
      : `"${String(value)}" is not one of ${options.join(", ")}${suggestion(String(value), options)}`;
  }
  if (issue.code === "invalid_union") return discriminatorMessage(issue, path, document);
  if (missing && issue.code === "invalid_type") return `is missing; it takes ${article(issue.expected)}`;
  return issue.message.replace(/^Invalid input: /, "").replace(/^Too /, "too ");
}

function discriminatorMessage(issue: z.core.$ZodIssueInvalidUnion, path: Path, document: Document): string {
  const options = discriminatorOptions(issue);
  const value = document.getIn(path, false);
  const key = String(path.at(-1));
  const parent = path.length > 1 ? document.getIn(path.slice(0, -1), true) : document.contents;
  const given = isMap(parent) ? parent.items.map((item) => String(isScalar(item.key) ? item.key.value : "")) : [];
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

function suggestion(word: string, known: readonly string[]): string {
  const nearest = nearestWord(word, known);
  return nearest === undefined ? "" : `; did you mean "${nearest}"?`;
}

function formatPath(path: Path): string {
  return path.map((key, i) => (typeof key === "number" ? `[${key}]` : i === 0 ? key : `.${key}`)).join("");
}

/** Keys that may stand where an unknown one stood. */
function siblingKeys(path: Path, document: Document): string[] {
  const schema = schemaAt(recipeSchema, path, document, []);
  return schema ? Object.keys(schema.shape) : [];
}

/** Walks down the schema beside the document; a union's member is picked by its discriminator's value. */
function schemaAt(schema: z.core.$ZodType, rest: Path, document: Document, done: Path): z.ZodObject | undefined {
  const { def } = schema._zod as unknown as { def: SchemaDef };
  if (def.innerType) return schemaAt(def.innerType, rest, document, done);
  if (def.options) {
    const candidates = def.options
      .map((option) => schemaAt(option, rest, document, done))
      .filter((x) => x !== undefined);
    const named = def.options.find((option) => fitsDiscriminator(option, def.discriminator, document, done));
    return named ? schemaAt(named, rest, document, done) : mostLike(candidates, [...done, ...rest], document);
  }
  if (rest.length === 0) return def.shape ? (schema as unknown as z.ZodObject) : undefined;
  const [key, ...deeper] = rest;
  const next = typeof key === "number" ? def.element : def.shape?.[key as string];
  return next ? schemaAt(next, deeper, document, [...done, key as string | number]) : undefined;
}

/** Of several objects, the one that has most of the keys which were written; the last of equals. */
function mostLike(candidates: readonly z.ZodObject[], path: Path, document: Document): z.ZodObject | undefined {
  const map = document.getIn(path, true);
  const given = isMap(map) ? map.items.map(({ key }) => String(isScalar(key) ? key.value : key)) : [];
  const shared = ({ shape }: z.ZodObject) => given.filter((key) => key in shape).length;
  return [...candidates].reverse().sort((a, b) => shared(b) - shared(a))[0];
}

interface SchemaDef {
  readonly innerType?: z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
  readonly discriminator?: string;
  readonly element?: z.core.$ZodType;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
}

function fitsDiscriminator(option: z.core.$ZodType, key: string | undefined, document: Document, done: Path): boolean {
  if (key === undefined) return false;
  const { def } = option._zod as unknown as { def: SchemaDef };
  const literal = def.shape?.[key]?._zod.def as unknown as { values?: readonly unknown[] } | undefined;
  return literal?.values?.includes(document.getIn([...done, key], false)) ?? false;
}

function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length >= 0; length--) {
    const start = startOf(length === 0 ? document.contents : document.getIn(path.slice(0, length), true));
    if (start !== undefined) return start;
  }
  return 0;
}

function offsetOfKey(document: Document, path: Path, key: string): number {
  const map = path.length === 0 ? document.contents : document.getIn(path, true);
  if (!isMap(map)) return offsetOf(document, path);
  const pair = map.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === key);
  return startOf(pair?.key) ?? offsetOf(document, path);
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? (node as Node).range?.[0] : undefined;
}
