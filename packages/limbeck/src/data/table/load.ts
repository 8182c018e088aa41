import { LimbeckError } from "../../support/errors.js";
import type { NamedFile } from "../data-file.js";
import type { ImageDataset } from "../dataset.js";
import { numberOf, textOf } from "./cells.js";
import { Labelling } from "./classes.js";
import { requireColumns } from "./columns.js";
import type { OpenTable } from "./formats/format.js";
import { formatOf } from "./formats/index.js";
import { GrowingValues, Terms } from "./growing.js";
import type { TableOptions } from "./options.js";
import { cutWindows, remainingClasses, remainingLabels, type Windows, windowValues } from "./windows.js";

/**
 * Reads rows of numbers with a class each, or windows of them. Of several files, rows follow on each other.
 * @throws LimbeckError FILE_UNREADABLE; DATA_CORRUPT with file, row and column where a cell is no number or no class, and where
 *   a file is damaged; RECIPE_INVALID where a file has no such column, or all takes more than 2 GB; DATA_TOO_SMALL where no
 *   group is as long as a window; the signal's reason
 */
export async function loadTable(
  files: readonly NamedFile[],
  options: TableOptions,
  signal: AbortSignal,
): Promise<ImageDataset> {
  const name = files.map((file) => file.name).join(", ");
  const first = await open(files[0]!, options);
  const columns = columnsOf(first, options);
  const known =
    options.classes ?? (typeof options.label === "string" ? first.classNames.get(options.label) : undefined);
  const gathered = new Gathered(columns, options, known);
  for (const [f, file] of files.entries()) {
    if (gathered.size >= gathered.most) break;
    await gathered.add(f === 0 ? first : await open(file, options), signal);
  }
  if (gathered.size === 0) throw empty(name);
  const windows = options.window && gathered.windows(name);
  const length = options.window?.length ?? 1;
  const { classes, labels } = gathered.classified(name, windows);
  return {
    name,
    size: labels.length,
    channels: columns.length,
    height: 1,
    width: length,
    classes,
    columns,
    pixels: windows ? windowValues(gathered.values, columns.length, windows, length) : gathered.values,
    labels,
    ...(windows ? { groups: windows.groups } : {}),
  };
}

async function open(file: NamedFile, { header }: TableOptions): Promise<OpenTable> {
  return formatOf(file.name).open(await file.open(), { header });
}

function columnsOf(table: OpenTable, { columns, label, window }: TableOptions): readonly string[] {
  const others = [typeof label === "string" ? label : undefined, window?.group];
  return columns ?? table.columns.filter((name) => !others.includes(name));
}

/** What has been read of a table's rows. */
class Gathered {
  readonly most: number;
  readonly #columns: readonly string[];
  readonly #options: TableOptions;
  readonly #values = new GrowingValues();
  readonly #labels: Labelling;
  readonly #groups = new Terms();
  #size = 0;

  constructor(columns: readonly string[], options: TableOptions, known: readonly string[] | undefined) {
    this.#columns = columns;
    this.#options = options;
    this.#labels = new Labelling(known);
    this.most = options.rows ?? Number.POSITIVE_INFINITY;
  }

  get size(): number {
    return this.#size;
  }

  get values(): Float32Array {
    return this.#values.values;
  }

  async add(table: OpenTable, signal: AbortSignal): Promise<void> {
    const { label, window } = this.#options;
    const labels = typeof label === "string" ? [label] : [];
    const groups = window ? [window.group] : [];
    requireColumns(table, labels, "label");
    requireColumns(table, groups, "window.group");
    requireColumns(table, this.#columns, "columns");
    for await (const rows of table.rows([...this.#columns, ...labels, ...groups], this.most - this.#size)) {
      signal.throwIfAborted();
      for (const { at, cells } of rows) this.#take(table, table.placeOf(at), cells);
    }
  }

  #take(table: OpenTable, where: string, cells: readonly unknown[]): void {
    const { label, window } = this.#options;
    let next = 0;
    for (const column of this.#columns) this.#values.push(numberOf(cells[next++], where, column));
    if (typeof label === "string") {
      this.#labels.push(textOf(cells[next++], table.classNames.get(label), where, label), where, label);
    }
    if (window) this.#groups.push(textOf(cells[next], undefined, where, window.group));
    this.#size++;
  }

  windows(name: string): Windows {
    const options = this.#options.window!;
    const windows = cutWindows(this.#groups.places, options);
    if (windows.ends.length > 0) return windows;
    const message = `${name} has no ${options.length} rows that follow on each other in one group`;
    throw new LimbeckError("DATA_TOO_SMALL", message, {
      where: "data.source.window.length",
      value: options.length,
      fix: "Take shorter windows, or another column as data.source.window.group.",
    });
  }

  classified(name: string, windows: Windows | undefined) {
    const { label, classes } = this.#options;
    if (typeof label !== "string") {
      const names = classes ?? remainingClasses(label.remaining);
      return { classes: names, labels: remainingLabels(windows!.left, label.remaining) };
    }
    const found = this.#labels.finish(name);
    return windows ? { ...found, labels: Uint8Array.from(windows.ends, (end) => found.labels[end]!) } : found;
  }
}

function empty(name: string): LimbeckError {
  const fix = "Name a file with rows.";
  return new LimbeckError("DATA_CORRUPT", `${name} holds no rows`, { where: name, fix });
}
