import type { AsyncBuffer, ColumnMetaData, FileMetaData } from "hyparquet";
import { parquetSchema } from "hyparquet";
import { getMaxDefinitionLevel, getMaxRepetitionLevel, getTreePath } from "hyparquet/src/schema.js";
import type { DataFile } from "../../data-file.js";
import { checkPages } from "./parquet-pages.js";

/** A column's part in a row group, and where it lies in the file. */
interface Chunk {
  readonly facts: ColumnMetaData;
  readonly start: number;
  readonly end: number;
}

/** The parts of a row group that belong to some columns. */
export function chunksOf({ row_groups }: FileMetaData, group: number, wanted: readonly string[]): Chunk[] {
  return row_groups[group]!.columns.flatMap(({ meta_data: facts, file_path }) => {
    if (!facts || file_path || !wanted.includes(facts.path_in_schema[0] ?? "")) return [];
    const start = Number(facts.dictionary_page_offset || facts.data_page_offset);
    return [{ facts, start, end: start + Number(facts.total_compressed_size) }];
  });
}

/**
 * Reads parts of a row group, and checks them.
 * @returns a file of nothing else, in the place that they have in the whole one
 * @throws Error whose message is what is wrong with them; LimbeckError as the file's own
 */
export async function readChunks(
  file: DataFile,
  metadata: FileMetaData,
  chunks: readonly Chunk[],
): Promise<AsyncBuffer> {
  const tree = parquetSchema(metadata);
  const parts: { start: number; bytes: ArrayBuffer }[] = [];
  for (const { facts, start, end } of chunks) {
    if (!(start >= 4 && end >= start && end <= file.byteLength)) {
      throw new Error(`a column lies at bytes ${start} to ${end} of ${file.byteLength}`);
    }
    const path = getTreePath(tree, facts.path_in_schema);
    const bytes = await file.slice(start, end);
    checkPages(bytes, {
      codec: facts.codec,
      count: Number(facts.num_values),
      definitionLevel: getMaxDefinitionLevel(path),
      repetitionLevel: getMaxRepetitionLevel(path),
      isBoolean: facts.type === "BOOLEAN",
    });
    parts.push({ start, bytes });
  }
  return {
    byteLength: file.byteLength,
    slice: (start, end = file.byteLength) => {
      const same = parts.find((part) => part.start === start && part.bytes.byteLength === end - start);
      return same?.bytes ?? pieced(parts, start, end);
    },
  };
}

/** Bytes of several parts; what lies between them is zero. */
function pieced(parts: readonly { start: number; bytes: ArrayBuffer }[], start: number, end: number): ArrayBuffer {
  const whole = new Uint8Array(end - start);
  for (const part of parts) {
    const [from, to] = [Math.max(start, part.start), Math.min(end, part.start + part.bytes.byteLength)];
    if (from < to) whole.set(new Uint8Array(part.bytes, from - part.start, to - from), from - start);
  }
  return whole.buffer;
}
