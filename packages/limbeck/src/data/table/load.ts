import { LimbeckError } from "../../support/errors.js";
import { readText } from "../../support/files.js";
import { nearestWord } from "../../support/nearest.js";
import { type ImageDataset, MOST_CLASSES } from "../dataset.js";
import type { TableOptions, WindowOptions } from "./options.js";
import { corrupt, parseTable, type Table } from "./parse.js";
import { cutWindows, remainingClasses, remainingLabels, type Windows, windowValues } from "./windows.js";

/**
 * Reads rows of numbers with a class each, or windows of them.
 * @throws LimbeckError FILE_MISSING, FILE_UNREADABLE; DATA_CORRUPT with line and column where a cell is no number or no
 *   class; RECIPE_INVALID where the file has no such column; DATA_TOO_SMALL where no group is as long as a window
 */
export function loadTable(path: string, options: TableOptions): ImageDataset {
  const table = parseTable(readText(path), path, options.header);
  const windows = options.window && windowsOf(table, options.window);
  const { classes, labels } = classified(table, options, windows);
  const columns = columnsOf(table, options);
  const rows = numbersOf(table, columns);
  const length = options.window?.length ?? 1;
  return {
    name: path,
    size: labels.length,
    channels: columns.length,
    height: 1,
    width: length,
    classes,
    columns: columns.map(({ name }) => name),
    pixels: windows ? windowValues(rows, columns.length, windows, length) : rows,
    labels,
    ...(windows ? { groups: windows.groups } : {}),
  };
}

function columnsOf(table: Table, { columns, label, window }: TableOptions) {
  const others = [typeof label === "string" ? label : undefined, window?.group];
  const names = columns ?? table.header.filter((name) => !others.includes(name));
  return names.map((name) => ({ name, at: placeOf(table, name, "columns") }));
}

function windowsOf(table: Table, options: WindowOptions): Windows {
  const group = placeOf(table, options.group, "window.group");
  const windows = cutWindows(
    table.rows.map((row) => row[group]!),
    options,
  );
  if (windows.ends.length > 0) return windows;
  const message = `${table.path} has no ${options.length} rows that follow on each other in one group`;
  throw new LimbeckError("DATA_TOO_SMALL", message, {
    where: "data.source.window.length",
    value: options.length,
    fix: "Take shorter windows, or another column as data.source.window.group.",
  });
}

function classified(table: Table, { label, classes }: TableOptions, windows: Windows | undefined) {
  if (typeof label !== "string") {
    const names = remainingClasses(label.remaining);
    return { classes: classes ?? names, labels: remainingLabels(windows!.left, label.remaining) };
  }
  const column = placeOf(table, label, "label");
  const known = classes ?? classesOf(table, column);
  const ofRows = labelsOf(table, column, known);
  return { classes: known, labels: windows ? Uint8Array.from(windows.ends, (end) => ofRows[end]!) : ofRows };
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
