import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { localFile } from "../../src/data/data-file.js";
import { loadTable } from "../../src/data/table/load.js";
import type { TableOptions } from "../../src/data/table/options.js";
import { put, temporaryFolder } from "./helpers.js";

const DEFAULTS: TableOptions = { header: true, label: "kind", columns: undefined, classes: undefined };
const never = new AbortController().signal;

/** Reads tables that lie at these paths. */
export async function loadPaths(paths: readonly string[], options: Partial<TableOptions> = {}) {
  return loadTable(paths.map(localFile), { ...DEFAULTS, ...options }, never);
}

/** Writes a table, and reads it. */
export function loadContent(name: string, content: string | Uint8Array, options: Partial<TableOptions> = {}) {
  return loadPaths([put(join(temporaryFolder(), name), content)], options);
}

type WriteOptions = Parameters<typeof parquetWriteBuffer>[0];

/** A Parquet file. */
export function parquetFile(
  columnData: WriteOptions["columnData"],
  options: Partial<Omit<WriteOptions, "columnData">> = {},
): Uint8Array {
  return new Uint8Array(parquetWriteBuffer({ columnData, ...options }));
}
