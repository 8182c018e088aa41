import { LimbeckError } from "../../../support/errors.js";
import type { DataFile } from "../../data-file.js";

/** Cells of one row, in the order in which columns were asked for. */
export interface Row {
  /** Where the row stands: a line, or a place from 1 on. */
  readonly at: number;
  readonly cells: readonly unknown[];
}

/** A table of which the columns are known, and no row has been read yet. */
export interface OpenTable {
  readonly name: string;
  readonly columns: readonly string[];
  /** What integers of a column stand for, where the file says so. */
  readonly classNames: ReadonlyMap<string, readonly string[]>;
  /** How many rows there are, where that is known beforehand. */
  readonly size?: number;
  /**
   * The first `most` rows, some at a time; may be asked for once.
   * @param columns which cells; each is one of the table's
   * @throws LimbeckError DATA_CORRUPT with the row's place
   */
  rows(columns: readonly string[], most: number): AsyncIterable<readonly Row[]>;
  /** A row as messages call it. */
  placeOf(at: number): string;
}

/** A way of writing tables down. */
export interface TableFormat {
  /** As messages call it. */
  readonly name: string;
  /** Of files that are written so, in lower case; none: of all others. */
  readonly extensions: readonly string[];
  /** @throws LimbeckError DATA_CORRUPT */
  open(file: DataFile, options: OpenOptions): Promise<OpenTable>;
}

export interface OpenOptions {
  /** Whether a file of cells begins with their columns' names. */
  readonly header: boolean;
  /** The column of sentences, which spaces do not separate. Lines of a `.txt` file without tabs are such a column, whatever `header` says. */
  readonly sentences?: string;
  /** Whether cells may stand in quotation marks; if not, these are text like all else. Default `true`. */
  readonly quotes?: boolean;
}

/** The error for a place of a table that is not what it should be. */
export function corrupt(where: string, problem: string, value?: unknown, cause?: unknown): LimbeckError {
  const fix = "Correct the file, or leave the row or column out.";
  return new LimbeckError("DATA_CORRUPT", `${where} ${problem}`, { where, value, fix, cause });
}

/** Places of columns among all; a name that is not there is a fault of our own. */
export function placesOf(names: readonly string[], wanted: readonly string[]): number[] {
  return wanted.map((name) => {
    const place = names.indexOf(name);
    if (place < 0) throw new RangeError(`no column ${name}`);
    return place;
  });
}
