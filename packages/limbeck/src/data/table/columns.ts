import { LimbeckError } from "../../support/errors.js";
import { firstNames, nearestWord } from "../../support/nearest.js";
import type { OpenTable } from "./formats/format.js";

/** How many columns an error names. */
const NAMED = 30;

/** A table must have each of these columns once. @param key what of the source names them @throws LimbeckError RECIPE_INVALID */
export function requireColumns({ columns, name: table }: OpenTable, names: readonly string[], key: string): void {
  for (const name of names) {
    const count = columns.filter((column) => column === name).length;
    if (count === 1) continue;
    const near = count === 0 ? nearestWord(name, columns) : undefined;
    const problem = count === 0 ? "has no column" : "has several columns";
    throw new LimbeckError("RECIPE_INVALID", `${table} ${problem} ${JSON.stringify(name)}`, {
      where: `data.source.${key}`,
      value: name,
      fix: near ? `Did you mean ${JSON.stringify(near)}?` : `Its columns are ${firstNames(columns, NAMED)}.`,
    });
  }
}
