import { LimbeckError } from "../../support/errors.js";
import { readText } from "../../support/files.js";
import { nearestWord } from "../../support/nearest.js";
import type { ImageDataset } from "../dataset.js";
import type { TableOptions } from "./options.js";
import { corrupt, parseTable, type Table } from "./parse.js";

/** Labels are bytes. */
const MOST_CLASSES = 256;

/**
 * Reads rows of numbers with a class each.
 * @throws LimbeckError FILE_MISSING, FILE_UNREADABLE; DATA_CORRUPT with line and column where a cell is no number or no
 *   class; RECIPE_INVALID where the file has no such column
 */
export function loadTable(path: string, options: TableOptions): ImageDataset {
  const table = parseTable(readText(path), path, options.header);
  const label = placeOf(table, options.label, "label");
  const columns = (options.columns ?? table.header.filter((_, i) => i !== label)).map((column) => {
    return { name: column, at: placeOf(table, column, "columns") };
  });
  const classes = options.classes ?? classesOf(table, label);
  return {
    name: path,
    size: table.rows.length,
    channels: columns.length,
    height: 1,
    width: 1,
    classes,
    columns: columns.map(({ name }) => name),
    pixels: numbersOf(table, columns),
    labels: labelsOf(table, label, classes),
  };
}

function placeOf({ header, path }: Table, name: string, key: string): number {
  const place = header.indexOf(name);
  if (place >= 0 && header.lastIndexOf(name) === place) return place;
  const near = nearestWord(name, header);
  const problem = place < 0 ? `has no column ${JSON.stringify(name)}` : `has several columns ${JSON.stringify(name)}`;
  throw new LimbeckError("RECIPE_INVALID", `${path} ${problem}`, {
    where: `data.source.${key}`,
    value: name,
    fix: near && place < 0 ? `Did you mean ${JSON.stringify(near)}?` : `Its columns are ${header.join(", ")}.`,
  });
}

function numbersOf(table: Table, columns: readonly { readonly name: string; readonly at: number }[]): Float32Array {
  const numbers = new Float32Array(table.rows.length * columns.length);
  for (const [r, row] of table.rows.entries()) {
    for (const [c, { name, at }] of columns.entries()) {
      const cell = row[at]!;
      const value = cell === "" ? Number.NaN : Number(cell);
      if (!Number.isFinite(Math.fround(value))) {
        const problem = `column ${JSON.stringify(name)}: ${cell === "" ? "nothing" : JSON.stringify(cell)} is not a number`;
        throw corrupt(table.path, table.lines[r]!, problem, cell);
      }
      numbers[r * columns.length + c] = value;
    }
  }
  return numbers;
}

function classesOf({ rows, path }: Table, label: number): string[] {
  const found = [...new Set(rows.map((row) => row[label]!))];
  if (found.length >= 2 && found.length <= MOST_CLASSES) {
    const areNumbers = found.every((name) => name !== "" && Number.isFinite(Number(name)));
    return areNumbers ? found.sort((a, b) => Number(a) - Number(b)) : found.sort();
  }
  throw new LimbeckError("DATA_CORRUPT", `${path} has ${found.length} classes; there must be 2 to ${MOST_CLASSES}`, {
    where: path,
    value: found.length,
    fix: "Name a column of classes as data.source.label.",
  });
}

function labelsOf(table: Table, label: number, classes: readonly string[]): Uint8Array {
  return Uint8Array.from(table.rows, (row, r) => {
    const place = classes.indexOf(row[label]!);
    if (place >= 0) return place;
    const problem = `column ${JSON.stringify(table.header[label])}: ${JSON.stringify(row[label])} is not a class`;
    throw corrupt(table.path, table.lines[r]!, problem, row[label]);
  });
}
