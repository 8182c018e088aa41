import { pipeline, Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { LimbeckError } from "../../../support/errors.js";
import { chained, firstOf } from "./batches.js";
import { corrupt, type OpenTable, placesOf, type Row, type TableFormat } from "./format.js";
import { linesOf, MOST_LINE, withFirstLine } from "./text.js";

/** What cells are separated by; where the first line has none of these, by spaces, or there is one cell. */
const SEPARATORS = [",", ";", "\t"] as const;

type Separator = (typeof SEPARATORS)[number];

/** So many rows are handed on at once. */
const BATCH = 1024;

/**
 * Cells that are separated by commas, semicolons, tabs or spaces. Cells may stand in quotation marks, in which separators and
 * line ends are text and "" is one mark (RFC 4180), but for those that spaces separate. Empty rows are left out. Of sentences,
 * lines of `.txt` files are one cell, or several between tabs.
 */
export const delimited: TableFormat = {
  name: "cells",
  extensions: [],
  async open(file, { header, sentences, quotes = true }) {
    const { line, bytes } = await withFirstLine(file);
    const cells = cellsIn(file.name, line, sentences !== undefined);
    const batches = rowsOf(file.name, bytes, cells, quotes);
    const first = await firstOf(batches);
    if (!first) throw corrupt(`${file.name}:1`, "holds no rows");
    if (cells === "lines") return tableOf(file.name, [sentences!], chained([first.item, ...first.rest], batches));
    const columns = header ? first.item.cells : first.item.cells.map((_, i) => String(i + 1));
    const rows = chained(header ? first.rest : [first.item, ...first.rest], batches);
    return tableOf(file.name, columns.map(String), rows);
  },
};

function tableOf(name: string, columns: readonly string[], batches: AsyncIterable<readonly Row[]>): OpenTable {
  const placeOf = (at: number) => `${name}:${at}`;
  async function* rows(wanted: readonly string[], most: number) {
    const places = placesOf(columns, wanted);
    let left = most;
    for await (const batch of batches) {
      const some = batch.slice(0, left);
      yield some.map(({ at, cells }) => {
        if (cells.length === columns.length) return { at, cells: places.map((place) => cells[place]) };
        throw corrupt(placeOf(at), `has ${cells.length} cells, and the first line has ${columns.length}`);
      });
      left -= some.length;
      if (left === 0) return;
    }
  }
  return { name, columns, classNames: new Map(), rows, placeOf };
}

function separatorOf(line: string): Separator | undefined {
  const counts = SEPARATORS.map((sign) => ({ sign, count: line.split(sign).length }));
  const { sign, count } = counts.reduce((best, one) => (one.count > best.count ? one : best));
  return count > 1 ? sign : undefined;
}

/** What separates a file's cells, or whether a line is one. */
function cellsIn(name: string, line: string, sentences: boolean): Separator | "spaces" | "lines" {
  if (/\.tsv(\.gz)?$/i.test(name)) return "\t";
  if (sentences && /\.txt(\.gz)?$/i.test(name)) return line.includes("\t") ? "\t" : "lines";
  return separatorOf(line) ?? (sentences ? "," : "spaces");
}

function rowsOf(
  name: string,
  bytes: AsyncIterable<Uint8Array>,
  cells: ReturnType<typeof cellsIn>,
  quotes: boolean,
): AsyncGenerator<Row[]> {
  if (cells === "spaces") return eachLine(name, bytes, (text) => text.split(/ +/));
  return cells === "lines" ? eachLine(name, bytes, (text) => [text]) : separated(name, bytes, cells, quotes);
}

async function* eachLine(
  name: string,
  bytes: AsyncIterable<Uint8Array>,
  cellsOf: (text: string) => string[],
): AsyncGenerator<Row[]> {
  for await (const lines of linesOf(name, bytes)) {
    yield lines.map(({ at, text }) => ({ at, cells: cellsOf(text.trim()) }));
  }
}

interface Parsed {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

async function* separated(
  name: string,
  bytes: AsyncIterable<Uint8Array>,
  delimiter: string,
  quotes: boolean,
): AsyncGenerator<Row[]> {
  let line = 0;
  const parser = parse({
    bom: true,
    delimiter,
    info: true,
    max_record_size: MOST_LINE,
    ...(quotes ? {} : { quote: null }),
    // What is ready is lost where the parser fails, so that the last whole row is noted as it comes.
    on_record: (record, { lines }) => {
      line = lines;
      return record;
    },
    record_delimiter: ["\r\n", "\n"],
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_empty_values: true,
    trim: true,
  });
  pipeline(Readable.from(bytes), parser, () => {});
  let batch: Row[] = [];
  try {
    for await (const { record, info } of parser as AsyncIterable<Parsed>) {
      batch.push({ at: info.lines - lineEnds(record), cells: record });
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
    }
  } catch (error) {
    throw problemOf(error, name, line + 1);
  }
  yield batch;
}

function lineEnds(record: readonly string[]): number {
  return record.reduce((sum, cell) => sum + (cell.includes("\n") ? cell.split("\n").length - 1 : 0), 0);
}

const PROBLEMS: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: "has a quotation mark that is not closed",
  CSV_INVALID_CLOSING_QUOTE: "has text after a closed quotation mark",
  INVALID_OPENING_QUOTE: "has a quotation mark within a cell; put the cell in marks, and double those in it",
  CSV_MAX_RECORD_SIZE: `begins a row of more than ${MOST_LINE} characters; a quotation mark may not be closed`,
};

/** @param begun the line after the last whole row */
function problemOf(error: unknown, name: string, begun: number): unknown {
  if (error instanceof LimbeckError || !(error instanceof CsvError)) return error;
  const isOpen = error.code === "CSV_QUOTE_NOT_CLOSED" || error.code === "CSV_MAX_RECORD_SIZE";
  const line = isOpen ? begun : ((error as { lines?: number }).lines ?? begun);
  return corrupt(`${name}:${line}`, PROBLEMS[error.code] ?? error.message, undefined, error);
}
