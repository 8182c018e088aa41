import { type FileMetaData, parquetMetadata, parquetScan, parquetSchema } from "hyparquet";
import { LimbeckError } from "../../../support/errors.js";
import type { DataFile } from "../../data-file.js";
import { corrupt, type OpenTable, type Row } from "./format.js";
import { chunksOf, readChunks } from "./parquet-group.js";
import { compressors } from "./parquet-pages.js";

/** What is asked for of one row group, in bytes before it is compressed; it is in memory at once. */
const MOST_GROUP = 1_000_000_000;

/** The part of a file that tells of the others. */
const MOST_FOOTER = 128_000_000;

/** So many rows are handed on at once. */
const BATCH = 1024;

/** Opens a file of Apache Parquet, of which only the columns and row groups that are asked for are read. @throws LimbeckError DATA_CORRUPT */
export async function openParquet(file: DataFile): Promise<OpenTable> {
  const metadata = await metadataOf(file);
  const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
  if (!columns.every((name) => typeof name === "string")) throw corrupt(file.name, "has columns without names");
  return {
    name: file.name,
    columns,
    classNames: classNamesOf(metadata),
    size: Number(metadata.num_rows),
    placeOf: (at) => `${file.name} row ${at}`,
    rows: (wanted, most) => rows(file, metadata, wanted, most),
  };
}

async function metadataOf(file: DataFile): Promise<FileMetaData> {
  const { byteLength } = file;
  if (byteLength < 12) throw corrupt(file.name, `is no Parquet file: it has ${byteLength} bytes`);
  const end = new DataView(await file.slice(byteLength - 8, byteLength));
  if (end.byteLength < 8 || end.getUint32(4, true) !== MAGIC) {
    throw corrupt(file.name, "is no Parquet file, or cut short: it does not end with PAR1");
  }
  const footer = end.getUint32(0, true);
  if (footer > Math.min(MOST_FOOTER, byteLength - 12))
    throw corrupt(file.name, `announces ${footer} bytes of metadata`);
  const bytes = await file.slice(byteLength - 8 - footer, byteLength);
  const metadata = await decoding(file.name, () => parquetMetadata(bytes, { geoparquet: false }));
  const sizes = metadata.row_groups.map(({ num_rows }) => Number(num_rows));
  const sum = sizes.reduce((total, size) => total + size, 0);
  if (sizes.some((size) => !(size >= 0)) || sum !== Number(metadata.num_rows)) {
    throw corrupt(file.name, `has ${sum} rows in its parts, and announces ${metadata.num_rows}`);
  }
  return metadata;
}

/** "PAR1" */
const MAGIC = 0x31524150;

async function* rows(
  file: DataFile,
  metadata: FileMetaData,
  wanted: readonly string[],
  most: number,
): AsyncGenerator<readonly Row[]> {
  let first = 0;
  for (const [group, { num_rows }] of metadata.row_groups.entries()) {
    const count = Math.min(Number(num_rows), most - first);
    if (count <= 0) return;
    requireRoom(file.name, metadata, group, wanted);
    const columns = await readGroup(file, metadata, { group, wanted, first, count });
    for (let done = 0; done < count; done += BATCH) {
      yield Array.from({ length: Math.min(BATCH, count - done) }, (_, i) => {
        return { at: first + done + i + 1, cells: columns.map((column) => column[done + i]) };
      });
    }
    first += count;
  }
}

interface PartOfGroup {
  readonly group: number;
  readonly wanted: readonly string[];
  /** Its first row, of all rows. */
  readonly first: number;
  readonly count: number;
}

async function readGroup(
  file: DataFile,
  metadata: FileMetaData,
  { group, wanted, first, count }: PartOfGroup,
): Promise<ArrayLike<unknown>[]> {
  const where = `${file.name} rows ${first + 1} to ${first + count}`;
  return decoding(where, async () => {
    const part = await readChunks(file, metadata, chunksOf(metadata, group, wanted));
    const range = { rowStart: first, rowEnd: first + count };
    const options = { ...range, file: part, metadata, compressors, utf8: false, useOffsetIndex: false };
    const scan = await parquetScan({ ...options, columns: [...new Set(wanted)] });
    const columns: ArrayLike<unknown>[] = [];
    for (const column of wanted) {
      const values = await scan.readColumn({ column, ...range });
      if (values.length !== count) throw new Error(`column ${JSON.stringify(column)} holds ${values.length} values`);
      columns.push(values);
    }
    return columns;
  });
}

/** A row group must fit into memory. */
function requireRoom(name: string, metadata: FileMetaData, group: number, wanted: readonly string[]): void {
  const { num_rows } = metadata.row_groups[group]!;
  const sizes = chunksOf(metadata, group, wanted).flatMap(({ facts, start, end }) => [
    Number(facts.total_uncompressed_size),
    Number(facts.num_values),
    end - start,
  ]);
  const largest = Math.max(Number(num_rows), ...sizes);
  if (
    sizes.every((size) => size >= 0) &&
    sizes.reduce((sum, size) => sum + size, 0) <= MOST_GROUP &&
    largest <= MOST_GROUP
  )
    return;
  const problem = `has a row group, number ${group + 1}, of ${num_rows} rows and as many as ${largest} bytes; at most ${MOST_GROUP} are read at once`;
  const fix = "Write it again with smaller row groups, such as 1000 rows.";
  throw new LimbeckError("DATA_CORRUPT", `${name} ${problem}`, { where: name, value: largest, fix });
}

/** Hugging Face's note of what a column's integers mean. */
function classNamesOf({ key_value_metadata = [] }: FileMetaData): Map<string, readonly string[]> {
  const note = key_value_metadata.find(({ key }) => key === "huggingface")?.value;
  const found = new Map<string, readonly string[]>();
  for (const [column, feature] of Object.entries(featuresOf(note) ?? {})) {
    const { _type, names } = (feature ?? {}) as { _type?: unknown; names?: unknown };
    const areNames = Array.isArray(names) && names.every((name) => typeof name === "string");
    if (_type === "ClassLabel" && areNames) found.set(column, names);
  }
  return found;
}

/** A note that cannot be read says nothing. */
function featuresOf(note: string | undefined): object | undefined {
  try {
    return JSON.parse(note ?? "{}")?.info?.features;
  } catch {
    return undefined;
  }
}

async function decoding<Result>(where: string, work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof LimbeckError) throw error;
    const { message } = error as Error;
    throw corrupt(where, `cannot be read: ${message.replace(/^parquet /, "")}`, undefined, error);
  }
}
