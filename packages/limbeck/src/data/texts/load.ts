import { LimbeckError } from "../../support/errors.js";
import type { NamedFile } from "../data-file.js";
import type { ImageDataset } from "../dataset.js";
import { shown, textOf } from "../table/cells.js";
import { Labelling } from "../table/classes.js";
import { requireColumns } from "../table/columns.js";
import { corrupt, type OpenTable } from "../table/formats/format.js";
import { formatOf } from "../table/formats/index.js";
import { type TextShape, textBytes } from "./encode.js";
import type { TextOptions } from "./options.js";

/** Which tables are read. */
export interface TextFiles {
  readonly texts: readonly NamedFile[];
  readonly test?: readonly NamedFile[] | undefined;
  /** Without classes. */
  readonly unlabelled?: readonly NamedFile[] | undefined;
}

/** Texts to learn from, and others to test by. */
export interface LoadedTexts {
  readonly train: ImageDataset;
  readonly test?: ImageDataset;
}

/** The bytes of each part, as float32, take at most so much memory. */
const MOST_BYTES = 2_000_000_000;

/**
 * Reads texts with a class each from tables, as bytes; texts that nobody has labelled stand behind those to learn from, with label 0.
 * What models cannot tell from a text to be tested is not learned from without its label either.
 * @throws LimbeckError FILE_UNREADABLE; DATA_CORRUPT with file, row and column where a cell is no text or no class, and where a file
 *   is damaged; RECIPE_INVALID where a file has no such column, or a part takes more than 2 GB; the signal's reason
 */
export async function loadTexts(files: TextFiles, options: TextOptions, signal: AbortSignal): Promise<LoadedTexts> {
  const learned = new Gathered(files.texts, options, options.classes);
  await learned.read(signal);
  const { classes, labels } = learned.classified();
  const tested = files.test && new Gathered(files.test, options, classes);
  await tested?.read(signal);
  const others = files.unlabelled && new Gathered(files.unlabelled, { ...options, label: undefined }, undefined);
  await others?.read(signal);
  const more = others ? unknownTexts(others.texts, [...learned.texts, ...(tested?.texts ?? [])], options) : [];
  if (others && more.length === 0) throw nothingMore(others.name);
  const train = dataset(learned.name, [...learned.texts, ...more], { classes, labels }, options);
  return {
    train: others ? { ...train, labelled: labels.length } : train,
    ...(tested ? { test: dataset(tested.name, tested.texts, tested.classified(), options) } : {}),
  };
}

/** Texts that models cannot tell from known ones, or from each other, are left out but for the first. */
function unknownTexts(texts: readonly string[], known: readonly string[], shape: TextShape): string[] {
  const seen = (text: string) => Buffer.from(Uint16Array.from(textBytes(text, shape)).buffer).toString("latin1");
  const met = new Set(known.map(seen));
  return texts.filter((text) => {
    const key = seen(text);
    const isNew = !met.has(key);
    met.add(key);
    return isNew;
  });
}

/** Texts of some tables, and their classes. */
class Gathered {
  readonly name: string;
  readonly texts: string[] = [];
  readonly #files: readonly NamedFile[];
  readonly #options: Reading;
  #labelling: Labelling | undefined;
  readonly #known: readonly string[] | undefined;

  constructor(files: readonly NamedFile[], options: Reading, known: readonly string[] | undefined) {
    this.name = files.map((file) => file.name).join(", ");
    this.#files = files;
    this.#options = options;
    this.#known = known;
  }

  async read(signal: AbortSignal): Promise<void> {
    const { rows: most = Number.POSITIVE_INFINITY, header, quotes } = this.#options;
    let left = most;
    for (const file of this.#files) {
      if (left <= 0) break;
      const table = await formatOf(file.name).open(await file.open(), {
        header,
        quotes,
        sentences: this.#options.text,
      });
      left -= await this.#add(table, left, signal);
    }
    if (this.texts.length === 0) throw corrupt(this.name, "holds no texts");
  }

  /** @returns how many rows there were */
  async #add(table: OpenTable, most: number, signal: AbortSignal): Promise<number> {
    const { text, label, empty, bytes } = this.#options;
    requireColumns(table, [text], "text");
    if (label !== undefined) requireColumns(table, [label], "label");
    this.#labelling ??= new Labelling(this.#known ?? (label === undefined ? undefined : table.classNames.get(label)));
    let count = 0;
    for await (const rows of table.rows([text, ...(label === undefined ? [] : [label])], most)) {
      signal.throwIfAborted();
      count += rows.length;
      for (const { at, cells } of rows) {
        const where = table.placeOf(at);
        const found = textIn(cells[0], where, text);
        if (found === "" && empty === "skip") continue;
        if (found === "") throw emptyText(where, text);
        this.texts.push(found);
        if (label !== undefined) this.#label(cells[1], table, where);
      }
      requireRoom(this.texts.length, bytes);
    }
    return count;
  }

  #label(cell: unknown, { classNames }: OpenTable, where: string): void {
    const label = this.#options.label!;
    if (cell === "" || cell === null || cell === undefined) throw emptyLabel(where, label);
    this.#labelling!.push(textOf(cell, classNames.get(label), where, label), where, label);
  }

  classified() {
    return this.#labelling!.finish(this.name);
  }
}

type Reading = Omit<TextOptions, "label"> & { readonly label?: string | undefined };

/** A cell as text, without white space at both ends. @throws LimbeckError DATA_CORRUPT */
function textIn(cell: unknown, where: string, column: string): string {
  if (cell === null || cell === undefined) return "";
  if (typeof cell === "string") return cell.trim();
  if (typeof cell === "number" || typeof cell === "bigint" || typeof cell === "boolean") return String(cell);
  throw corrupt(where, `column ${JSON.stringify(column)}: ${shown(cell)} is not a text`, shown(cell));
}

function dataset(
  name: string,
  texts: readonly string[],
  { classes, labels }: Pick<ImageDataset, "classes" | "labels">,
  { bytes, lowercase }: TextOptions,
): ImageDataset {
  const text = { bytes, lowercase };
  const pixels = new Float32Array(texts.length * bytes);
  for (const [i, one] of texts.entries()) pixels.set(textBytes(one, text), i * bytes);
  const all = new Uint8Array(texts.length);
  all.set(labels);
  return {
    name,
    size: texts.length,
    channels: 1,
    height: 1,
    width: bytes,
    classes,
    columns: ["byte"],
    text,
    texts,
    pixels,
    labels: all,
  };
}

function requireRoom(texts: number, bytes: number): void {
  if (4 * texts * bytes <= MOST_BYTES) return;
  throw new LimbeckError("RECIPE_INVALID", `the texts take more than ${MOST_BYTES} bytes of memory`, {
    where: "data.source.rows",
    value: texts,
    fix: "Set data.source.rows, so that only the first ones are read, or fewer data.source.bytes.",
  });
}

function emptyText(where: string, column: string): LimbeckError {
  return new LimbeckError("DATA_CORRUPT", `${where} column ${JSON.stringify(column)}: there is no text`, {
    where,
    value: "",
    fix: "Correct the file, or leave such rows out by data.source.empty: skip.",
  });
}

function emptyLabel(where: string, column: string): LimbeckError {
  return new LimbeckError("DATA_CORRUPT", `${where} column ${JSON.stringify(column)}: there is no class`, {
    where,
    value: "",
    fix: "Correct the file, or move such rows to a table of their own, as data.source.unlabelled.",
  });
}

function nothingMore(name: string): LimbeckError {
  return new LimbeckError("DATA_CORRUPT", `${name} has no text that is not among those with a class`, {
    where: "data.source.unlabelled",
    value: name,
    fix: "Leave unlabelled out, or name other tables.",
  });
}
