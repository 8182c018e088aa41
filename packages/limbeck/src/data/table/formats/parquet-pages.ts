import type { Compressors } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { decompressPage } from "hyparquet/src/datapage.js";
import { compressors as all } from "hyparquet-compressors";

/** A page is far smaller; what announces more lies. */
const MOST_PAGE = 512_000_000;

/** Decompressors that make no more than a page may have. */
export const compressors: Compressors = Object.fromEntries(
  Object.entries(all).map(([codec, decompress]) => [
    codec,
    (input: Uint8Array, length: number) => {
      requireCount(length, MOST_PAGE, "bytes in a page");
      return decompress!(input, length);
    },
  ]),
);

/** What is known of a column's part in a row group. */
export interface ChunkFacts {
  readonly codec: Parameters<typeof decompressPage>[2];
  /** Values that it announces. */
  readonly count: number;
  readonly definitionLevel: number;
  readonly repetitionLevel: number;
  readonly isBoolean: boolean;
}

type Header = ReturnType<typeof parquetHeader>;

/**
 * Checks what a decoder believes without asking: that pages hold no more values than were announced, and runs no more than
 * their page. A single wrong bit there would have it write until memory ends.
 * @throws Error whose message is what is wrong
 */
export function checkPages(bytes: ArrayBuffer, facts: ChunkFacts): void {
  const reader = { view: new DataView(bytes), offset: 0 };
  let left = facts.count;
  while (left > 0 && reader.offset < bytes.byteLength - 1) {
    const header = parquetHeader(reader);
    requireCount(header.compressed_page_size, bytes.byteLength - reader.offset, "packed bytes in a page");
    requireCount(header.uncompressed_page_size, MOST_PAGE, "bytes in a page");
    const packed = new Uint8Array(bytes, reader.offset, header.compressed_page_size);
    reader.offset += header.compressed_page_size;
    if (header.type === "DICTIONARY_PAGE") {
      requireCount(header.dictionary_page_header?.num_values, header.uncompressed_page_size, "words in a dictionary");
      continue;
    }
    const count = (header.data_page_header ?? header.data_page_header_v2)?.num_values;
    requireCount(count, left, "values in a page");
    left -= count;
    if (header.data_page_header_v2) checkSecond(packed, header, facts, count);
    else
      checkFirst(decompressPage(packed, header.uncompressed_page_size, facts.codec, compressors), header, facts, count);
  }
}

/** A page of the first kind: levels, each with its length before it, then values; all of it compressed. */
function checkFirst(page: Uint8Array, { data_page_header }: Header, facts: ChunkFacts, count: number): void {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  let offset = 0;
  for (const level of [facts.repetitionLevel, facts.definitionLevel]) {
    if (level === 0) continue;
    const length = view.getUint32(offset, true);
    requireCount(length, page.length - offset - 4, "bytes of levels");
    checkRuns(view, offset + 4, offset + 4 + length, widthOf(level), count);
    offset += 4 + length;
  }
  checkValues(view, offset, data_page_header!.encoding, facts, count);
}

/** A page of the second kind: levels as they are, then values that may be compressed. */
function checkSecond(packed: Uint8Array, header: Header, facts: ChunkFacts, count: number): void {
  const facts2 = header.data_page_header_v2!;
  const { repetition_levels_byte_length: repeated, definition_levels_byte_length: defined } = facts2;
  requireCount(repeated, packed.length, "bytes of levels");
  requireCount(defined, packed.length - repeated, "bytes of levels");
  requireCount(facts2.num_nulls, count, "missing values");
  requireCount(facts2.num_rows, count, "rows in a page");
  const levels = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  if (facts.repetitionLevel > 0) checkRuns(levels, 0, repeated, widthOf(facts.repetitionLevel), count);
  if (facts.definitionLevel > 0) checkRuns(levels, repeated, repeated + defined, widthOf(facts.definitionLevel), count);
  const rest = packed.subarray(repeated + defined);
  const size = header.uncompressed_page_size - repeated - defined;
  requireCount(size, MOST_PAGE, "bytes in a page");
  const isPacked = facts2.is_compressed !== false && size > 0;
  const page = isPacked ? decompressPage(rest, size, facts.codec, compressors) : rest;
  checkValues(new DataView(page.buffer, page.byteOffset, page.byteLength), 0, facts2.encoding, facts, count);
}

function checkValues(view: DataView, offset: number, encoding: string, { isBoolean }: ChunkFacts, count: number): void {
  if (!["PLAIN_DICTIONARY", "RLE_DICTIONARY", "RLE"].includes(encoding) || offset >= view.byteLength) return;
  if (isBoolean) checkRuns(view, offset + 4, view.byteLength, 1, count);
  else checkRuns(view, offset + 1, view.byteLength, view.getUint8(offset), count);
}

const widthOf = (level: number): number => 32 - Math.clz32(level);

/** Bits of one group of values are whole bytes, so that the last group may have some too many. */
const GROUP = 8;

/** Runs of equal values, and of values side by side, until there are `count`. */
function checkRuns(view: DataView, start: number, end: number, width: number, count: number): void {
  if (width > 32) throw new Error(`values of ${width} bits`);
  let [offset, seen] = [start, 0];
  while (seen < count && offset < end) {
    let header = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = view.getUint8(offset++);
      header += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
      if (shift > 28) throw new Error("a run without an end");
    }
    const isPacked = header % 2 === 1;
    const length = Math.floor(header / 2) * (isPacked ? GROUP : 1);
    requireCount(length, count - seen + (isPacked ? 64 * GROUP : 0), "values in a run");
    offset += isPacked ? (length / GROUP) * width : Math.ceil(width / 8);
    seen += length;
  }
}

function requireCount(count: number | undefined, most: number, of: string): asserts count is number {
  if (count !== undefined && count >= 0 && count <= most) return;
  throw new Error(`${count} ${of}, of at most ${most}`);
}
