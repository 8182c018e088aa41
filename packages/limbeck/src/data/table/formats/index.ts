import { delimited } from "./delimited.js";
import type { TableFormat } from "./format.js";
import { jsonLines } from "./json-lines.js";
import { parquet } from "./parquet.js";

/** Ways of writing tables down; the last one is that of all files whose extension says nothing else. */
export const TABLE_FORMATS: readonly TableFormat[] = [jsonLines, parquet, delimited];

/** How a file is written, by its name. */
export function formatOf(name: string): TableFormat {
  const plain = name.replace(/\.gz$/i, "").toLowerCase();
  return TABLE_FORMATS.find(({ extensions }) => extensions.some((end) => plain.endsWith(end))) ?? delimited;
}
