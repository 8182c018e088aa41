import { open, stat } from "node:fs/promises";
import { LimbeckError, toFileError } from "../support/errors.js";

/** A file that is read in parts, wherever it lies. */
export interface DataFile {
  /** As messages call it: its path or address. */
  readonly name: string;
  readonly byteLength: number;
  /** Bytes from `start` up to `end`. @throws LimbeckError FILE_UNREADABLE, DOWNLOAD_FAILED */
  slice(start: number, end?: number): Promise<ArrayBuffer>;
}

/** A file that has not been looked at yet. */
export interface NamedFile {
  readonly name: string;
  /** @throws LimbeckError FILE_MISSING, FILE_UNREADABLE, DOWNLOAD_FAILED */
  open(): Promise<DataFile>;
}

/** A file on this machine. */
export function localFile(path: string): NamedFile {
  return { name: path, open: () => openLocal(path) };
}

async function openLocal(path: string): Promise<DataFile> {
  const facts = await reading(path, () => stat(path));
  if (!facts.isFile()) {
    const fix = facts.isDirectory() ? `Name files in it, such as ${path}/*.csv.` : "Name a file.";
    throw new LimbeckError("FILE_UNREADABLE", `${path} is no file`, { where: path, value: path, fix });
  }
  return {
    name: path,
    byteLength: facts.size,
    slice: (start, end = facts.size) => reading(path, () => readPart(path, start, Math.min(end, facts.size))),
  };
}

async function readPart(path: string, start: number, end: number): Promise<ArrayBuffer> {
  const bytes = new Uint8Array(Math.max(0, end - start));
  const file = await open(path, "r");
  try {
    let done = 0;
    while (done < bytes.length) {
      const { bytesRead } = await file.read(bytes, done, bytes.length - done, start + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return done === bytes.length ? bytes.buffer : bytes.buffer.slice(0, done);
  } finally {
    await file.close();
  }
}

async function reading<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw toFileError(error, path, true);
  }
}

const CHUNK = 1 << 20;

/** A file's bytes from first to last, a part at a time. */
export async function* bytesOf(file: DataFile): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < file.byteLength; start += CHUNK) {
    const part = await file.slice(start, Math.min(start + CHUNK, file.byteLength));
    if (part.byteLength === 0) return;
    yield new Uint8Array(part);
  }
}
