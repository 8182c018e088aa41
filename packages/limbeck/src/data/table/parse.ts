import { LimbeckError } from "../../support/errors.js";

/** A file of rows: cells as they are written. */
export interface Table {
  readonly path: string;
  /** Names of the columns; "1", "2", … where the file has no header. */
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Lines of the file at which the rows begin. */
  readonly lines: readonly number[];
}

/** What cells are separated by. */
const SEPARATORS = { ",": /,/, ";": /;/, "\t": /\t/ } as const;

type Separator = keyof typeof SEPARATORS | " ";

/**
 * Reads cells that are separated by commas, semicolons, tabs or, where the first line has none of these, by spaces. Cells may
 * stand in quotation marks, in which separators and line ends are text and "" is one mark (RFC 4180). Empty lines are left out.
 * @param path names the file in errors
 * @throws LimbeckError DATA_CORRUPT with the line: a row of another length, an open quotation mark, no rows
 */
export function parseTable(text: string, path: string, hasHeader: boolean): Table {
  const separator = separatorOf(text.slice(0, text.search(/\r?\n|$/)));
  const records = recordsOf(text.replace(/^\uFEFF/, ""), separator, path);
  const [first] = records;
  if (!first || records.length <= (hasHeader ? 1 : 0)) throw corrupt(path, 1, "holds no rows");
  const strange = records.find(({ cells }) => cells.length !== first.cells.length);
  if (strange) {
    const problem = `has ${strange.cells.length} cells, and the first line has ${first.cells.length}`;
    throw corrupt(path, strange.line, problem);
  }
  const rows = hasHeader ? records.slice(1) : records;
  return {
    path,
    header: hasHeader ? first.cells : first.cells.map((_, i) => String(i + 1)),
    rows: rows.map(({ cells }) => cells),
    lines: rows.map(({ line }) => line),
  };
}

interface LineOfCells {
  readonly line: number;
  readonly cells: readonly string[];
}

function separatorOf(line: string): Separator {
  const counts = Object.entries(SEPARATORS).map(([sign, pattern]) => [line.split(pattern).length, sign] as const);
  const [count, sign] = counts.reduce((best, one) => (one[0] > best[0] ? one : best));
  return count > 1 ? (sign as Separator) : " ";
}

function recordsOf(text: string, separator: Separator, path: string): LineOfCells[] {
  if (separator === " ") {
    const lines = text.split(/\r?\n/).map((line, i) => ({ line: i + 1, cells: line.trim().split(/ +/) }));
    return lines.filter(({ cells }) => cells.join("") !== "");
  }
  const records: LineOfCells[] = [];
  let [line, begun] = [1, 1];
  let cells: string[] = [];
  const token = new RegExp(
    `("(?:[^"]|"")*"|[^"${separator}\\r\\n][^${separator}\\r\\n]*|)(${separator}|\\r?\\n|$)`,
    "y",
  );
  while (token.lastIndex < text.length) {
    const match = token.exec(text);
    if (!match) throw corrupt(path, line, "has a quotation mark that is not closed, or text after a closed one");
    const [, cell = "", end] = match;
    cells.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell.trim());
    line += cell.split("\n").length - 1;
    if (end === separator && token.lastIndex < text.length) continue;
    if (end === separator) cells.push("");
    if (cells.some((text) => text !== "")) records.push({ line: begun, cells });
    cells = [];
    line++;
    begun = line;
  }
  return records;
}

/** The error for a line of a table. */
export function corrupt(path: string, line: number, problem: string, value?: unknown): LimbeckError {
  const where = `${path}:${line}`;
  const fix = "Correct the file, or leave the row or column out.";
  return new LimbeckError("DATA_CORRUPT", `${where} ${problem}`, { where, value, fix });
}
