import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { toFileError } from "./errors.js";

/** Reads a whole file. @throws LimbeckError FILE_MISSING, FILE_UNREADABLE */
export function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw toFileError(error, path, true);
  }
}

/** Reads a whole text file. @throws LimbeckError FILE_MISSING, FILE_UNREADABLE */
export function readText(path: string): string {
  return readBytes(path).toString("utf8");
}

/** Whether a path leads to a folder; not where it leads nowhere. @throws LimbeckError FILE_UNREADABLE */
export function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch (error) {
    throw toFileError(error, path, true);
  }
}

/** Makes a folder and those above it. @throws LimbeckError FILE_UNWRITABLE, FILE_EXISTS, DISK_FULL */
export function makeFolder(path: string): void {
  if (existsSync(path)) return;
  // Node's own recursive mkdir never returns where a file system answers ENOENT, as /proc does.
  if (dirname(path) !== path) makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw toFileError(error, path);
  }
}

/**
 * Writes a file whole or not at all: into a temporary file beside it, flushed to disk, then renamed.
 * @throws LimbeckError FILE_UNWRITABLE, DISK_FULL; an older version of the file is left as it was.
 */
export function writeFileAtomic(path: string, content: string | Uint8Array): void {
  makeFolder(dirname(path));
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const descriptor = openSync(temporary, "wx");
    try {
      writeWhole(descriptor, typeof content === "string" ? Buffer.from(content) : content);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw toFileError(error, path);
  }
}

function writeWhole(descriptor: number, bytes: Uint8Array): void {
  for (let offset = 0; offset < bytes.length; ) offset += writeSync(descriptor, bytes, offset);
}
