import { significant } from "../format.js";
import type { EvaluationReport } from "./data.js";

/** Columns of a row that are shown. */
const MOST_COLUMNS = 8;

/** The numbers of a row, as far as there is room. */
export function rowNumbers({ rowOf }: Pick<EvaluationReport, "rowOf">, index: number): string {
  if (!rowOf) return "";
  const all = rowOf(index);
  const shown = all.slice(0, MOST_COLUMNS).map(({ column, value }) => `${column} ${significant(value)}`);
  return `: ${shown.join(", ")}${all.length > MOST_COLUMNS ? ", …" : ""}`;
}
