import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { LimbeckError } from "../../../support/errors.js";
import { bytesOf, type DataFile } from "../../data-file.js";
import { corrupt } from "./format.js";

/** Longer lines, and longer rows, are refused. */
export const MOST_LINE = 4 << 20;

/** What is packed to less than this share of its size is no table. Anything may have as much as {@link PATIENCE}. */
const MOST_RATIO = 200;
const PATIENCE = 64 << 20;

/** So many bytes are unpacked at once. */
const UNPACKED = 1 << 17;

/** A text file's bytes; those of `.gz` files unpacked. @throws LimbeckError DATA_CORRUPT, where iterated */
export async function* textBytes(file: DataFile): AsyncGenerator<Uint8Array> {
  if (!/\.gz$/i.test(file.name)) return yield* bytesOf(file);
  const unpacking = createGunzip({ chunkSize: UNPACKED });
  pipeline(Readable.from(bytesOf(file)), unpacking, () => {});
  let size = 0;
  try {
    for await (const chunk of unpacking as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > PATIENCE && size > MOST_RATIO * file.byteLength) throw bomb(file, size);
      yield chunk;
    }
  } catch (error) {
    if (error instanceof LimbeckError) throw error;
    throw corrupt(file.name, `is a damaged gzip file: ${(error as Error).message}`, undefined, error);
  }
}

function bomb({ name, byteLength }: DataFile, size: number): LimbeckError {
  const message = `unpacks ${byteLength} bytes to more than ${size}, ${MOST_RATIO} times as many, which no table does`;
  return corrupt(name, message, size);
}

/** The first line, without its end, and all of the bytes. @throws LimbeckError DATA_CORRUPT */
export async function withFirstLine(file: DataFile): Promise<{ line: string; bytes: AsyncGenerator<Uint8Array> }> {
  const rest = textBytes(file);
  const seen: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const next = await rest.next();
    if (next.done) break;
    seen.push(next.value);
    size += next.value.length;
    if (size > MOST_LINE || next.value.includes(0x0a)) break;
  }
  const head = Buffer.concat(seen);
  const end = head.indexOf(0x0a);
  const line = new TextDecoder().decode(end < 0 ? head : head.subarray(0, end)).replace(/\r$/, "");
  return { line, bytes: joined(head, rest) };
}

async function* joined(head: Uint8Array, rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield head;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

/** A line of a text file. */
export interface Line {
  readonly at: number;
  readonly text: string;
}

/** Lines that are not empty, some at a time, without their ends. @throws LimbeckError DATA_CORRUPT with the line */
export async function* linesOf(name: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Line[]> {
  const decoder = new TextDecoder();
  let [open, at] = ["", 1];
  for await (const chunk of bytes) {
    const parts = (open + decoder.decode(chunk, { stream: true })).split("\n");
    open = parts.pop()!;
    if (open.length > MOST_LINE)
      throw corrupt(`${name}:${at + parts.length}`, `is longer than ${MOST_LINE} characters`);
    const lines: Line[] = [];
    for (const text of parts) {
      if (text !== "" && text.trim() !== "") lines.push({ at, text });
      at++;
    }
    yield lines;
  }
  open += decoder.decode();
  if (open.trim() !== "") yield [{ at, text: open }];
}
