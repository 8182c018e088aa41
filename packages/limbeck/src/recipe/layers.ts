import { dirname, resolve } from "node:path";
import { type Document, isMap, isNode, isPair, isScalar, LineCounter, type Node, parseDocument } from "yaml";
import { LimbeckError } from "../support/errors.js";
import { readText } from "../support/files.js";
import { isMapping, type WrittenRecipe } from "./presets/preset.js";
import { type RecipeProblem, recipeError } from "./problem.js";

/** Keys down to a place in a recipe. */
export type Path = readonly (string | number)[];

/** The key by which a recipe names the one that it changes. */
export const EXTENDS = "extends";

/** Keys that tell records of a kind apart: the options of one are not those of another. */
const RECORD_KEYS: readonly string[] = ["family", "name", "loss", "kind"];

/** What a teacher or a model is: one of another kind replaces it. */
const KINDS: readonly string[] = ["model", "family", "onnx", "ensemble", "specialists", "http", "function"];

type Place = Pick<RecipeProblem, "file" | "line" | "column">;

/** One YAML file. */
class Layer {
  readonly file: string;
  readonly value: unknown;
  readonly #document: Document;
  readonly #lines = new LineCounter();

  /** @throws LimbeckError RECIPE_SYNTAX */
  constructor(text: string, file: string) {
    this.file = file;
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    const problems = this.#document.errors.map((error) => {
      return { ...this.#place(error.pos[0]), path: "", message: error.message.split("\n")[0]! };
    });
    const fix = "Correct the YAML: indentation, colons, brackets and quotes.";
    if (problems.length > 0) throw recipeError("RECIPE_SYNTAX", problems, fix);
    this.value = this.#toValue();
  }

  /** Where a value stands, if it does. */
  placeOf(path: Path): Place | undefined {
    return this.#start(path.length === 0 ? this.#document.contents : this.#document.getIn(path, true));
  }

  placeOfKey(path: Path, key: string): Place | undefined {
    const map = path.length === 0 ? this.#document.contents : this.#document.getIn(path, true);
    if (!isMap(map)) return undefined;
    const pair = map.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === key);
    return this.#start(pair?.key);
  }

  /** Aliases can be unknown, or expand to more than fits into memory. */
  #toValue(): unknown {
    try {
      return this.#document.toJS();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const problem = { file: this.file, line: 1, column: 1, path: "", message };
      throw recipeError("RECIPE_SYNTAX", [problem], "Write out what * refers to.");
    }
  }

  #start(node: unknown): Place | undefined {
    const offset = isNode(node) ? (node as Node).range?.[0] : undefined;
    return offset === undefined ? undefined : this.#place(offset);
  }

  #place(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.file, line, column: col };
  }
}

/** A recipe as it is written: a file, over those that it extends. */
export class RecipeLayers {
  /** All files together. */
  readonly value: unknown;
  /** The nearest first. */
  readonly #layers: readonly Layer[];

  /** @throws LimbeckError RECIPE_SYNTAX, RECIPE_INVALID, FILE_MISSING, FILE_UNREADABLE */
  constructor(text: string, file: string) {
    this.#layers = readLayers(new Layer(text, file), [resolve(file)]);
    const values = this.#layers.map(({ value }) => withoutExtends(value));
    this.value = values.reduceRight((base, value) => merge(base, value, true));
  }

  get(path: Path): unknown {
    return path.reduce<unknown>(
      (value, key) => (has(value, key) ? (value as WrittenRecipe)[key] : undefined),
      this.value,
    );
  }

  has(path: Path): boolean {
    return path.length === 0 || has(this.get(path.slice(0, -1)), path.at(-1)!);
  }

  /** Where a value stands; of one that is missing, where it should. */
  placeOf(path: Path): Place {
    let known = path;
    while (!this.has(known)) known = known.slice(0, -1);
    for (const layer of this.#layers) {
      const place = layer.placeOf(known);
      if (place) return place;
    }
    return known.length > 0 ? this.placeOf(known.slice(0, -1)) : { file: this.#layers[0]!.file, line: 1, column: 1 };
  }

  placeOfKey(path: Path, key: string): Place {
    const places = this.#layers.map((layer) => layer.placeOfKey(path, key));
    return places.find((place) => place !== undefined) ?? this.placeOf(path);
  }
}

function readLayers(layer: Layer, seen: readonly string[]): Layer[] {
  const named = has(layer.value, EXTENDS) ? (layer.value as WrittenRecipe)[EXTENDS] : undefined;
  if (named === undefined) return [layer];
  const place = layer.placeOf([EXTENDS])!;
  const problem = (message: string, fix: string) =>
    recipeError("RECIPE_INVALID", [{ ...place, path: EXTENDS, message }], fix);
  const fix = "Name another recipe file, relative to this one.";
  if (typeof named !== "string" || named === "") throw problem("takes the path of a recipe", fix);
  const file = resolve(dirname(layer.file), named);
  if (seen.includes(file)) throw problem(`${named} extends this recipe in its turn`, fix);
  return [layer, ...readLayers(new Layer(readBase(file, place), file), [...seen, file])];
}

function readBase(file: string, { file: from, line, column }: Place): string {
  try {
    return readText(file);
  } catch (error) {
    if (!(error instanceof LimbeckError)) throw error;
    const where = `${from}:${line}:${column}`;
    const fix = `Correct the path after ${EXTENDS}: it is relative to the recipe.`;
    throw new LimbeckError(error.code, `${where} ${EXTENDS}: ${error.message}`, {
      where,
      value: file,
      fix,
      cause: error,
    });
  }
}

function has(value: unknown, key: string | number): boolean {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key);
}

function withoutExtends(value: unknown): unknown {
  if (!isMapping(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== EXTENDS));
}

/** Maps are merged key by key, unless they are records of another name or kind; all else is replaced. */
function merge(base: unknown, value: unknown, isRecipe = false): unknown {
  if (!isMapping(base) || !isMapping(value)) return value;
  const kindOf = (record: WrittenRecipe) => KINDS.find((key) => has(record, key));
  const isOther =
    RECORD_KEYS.some((key) => has(base, key) && has(value, key) && base[key] !== value[key]) ||
    (kindOf(value) !== undefined && kindOf(base) !== undefined && kindOf(value) !== kindOf(base));
  if (isOther && !isRecipe) return value;
  const changed = Object.entries(value).map(([key, inner]) => [key, has(base, key) ? merge(base[key], inner) : inner]);
  return Object.fromEntries([...Object.entries(base), ...changed]);
}
