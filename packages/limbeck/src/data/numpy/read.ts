import { closeSync, openSync, readSync, statSync } from "node:fs";
import { unzipSync } from "fflate";
import { LimbeckError, toFileError } from "../../support/errors.js";
import { readBytes } from "../../support/files.js";
import { nearestWord } from "../../support/nearest.js";
import { damaged, NPY_START, type NpyArray, type NpyHeader, parseNpy, parseNpyHeader } from "./npy.js";

/** The largest file, and the largest array of an archive, in bytes. */
const LIMIT = 2_000_000_000;

/** Deflate makes nothing smaller than this: what announces more lies. */
const MOST_RATIO = 1032;

/** Arrays that an archive may have: more are a damaged directory. */
const MOST_ARRAYS = 65_536;

/** An archive of nothing has so many bytes. */
const SMALLEST = 22;

/** How many arrays an error names. */
const NAMED = 20;

/**
 * Reads a .npy file, or an array of an .npz file: `data.npz#x_train`, or `data.npz` where it has only one.
 * @throws LimbeckError FILE_MISSING, FILE_UNREADABLE, DATA_CORRUPT, RECIPE_INVALID where the archive has no such array
 */
export function readNumpy(name: string): NpyArray {
  const [, path = name, key] = /^(.*\.npz)#(.+)$/i.exec(name) ?? [];
  const bytes = readWhole(path);
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) return parseNpy(unpack(bytes, path, key), name);
  if (key !== undefined) throw damaged(path, "is not a zip archive, as .npz files are", key);
  return parseNpy(bytes, name);
}

/** An array that is left in its file. */
export interface NpyFile extends NpyHeader {
  readonly path: string;
}

/**
 * What a .npy file says of its array, where the file has more than so many bytes; nothing of smaller ones, and of archives.
 * @throws LimbeckError FILE_MISSING, FILE_UNREADABLE, DATA_CORRUPT; RECIPE_INVALID where the first axis changes fastest
 */
export function largeNumpy(path: string, limit: number): NpyFile | undefined {
  if (/\.npz(#.*)?$/i.test(path)) return undefined;
  const size = sizeOf(path);
  if (size <= limit) return undefined;
  const header = parseNpyHeader(startOf(path), size, path);
  if (!header.isFortran) return { ...header, path };
  throw new LimbeckError("RECIPE_INVALID", `${path} is in Fortran's order, which cannot be read from disk`, {
    where: path,
    value: size,
    fix: "Save numpy.ascontiguousarray of it, or allow more of data.memory.",
  });
}

function startOf(path: string): Uint8Array {
  try {
    const descriptor = openSync(path, "r");
    try {
      const bytes = new Uint8Array(NPY_START);
      return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, 0));
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw toFileError(error, path, true);
  }
}

function readWhole(path: string): Buffer {
  const size = sizeOf(path);
  if (size <= LIMIT) return readBytes(path);
  const fix = "Save what is in it as .npy files, which are read from disk.";
  throw new LimbeckError("DATA_CORRUPT", `${path} has ${size} bytes; of an archive at most ${LIMIT} are read`, {
    where: path,
    value: size,
    fix,
  });
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch (error) {
    throw toFileError(error, path, true);
  }
}

/**
 * An array's bytes out of a zip archive; nothing is written, and nothing else is unpacked.
 * @throws LimbeckError DATA_CORRUPT, RECIPE_INVALID
 */
export function unpack(bytes: Uint8Array, path: string, key: string | undefined): Uint8Array {
  const names = listOf(bytes, path);
  const wanted = key ?? (names.length === 1 ? names[0]! : undefined);
  if (wanted === undefined || !names.includes(wanted)) throw unnamed(path, key, names);
  const file = `${wanted}.npy`;
  const found = unzip(bytes, path, ({ name, size, originalSize }) => {
    if (name !== file) return false;
    if (originalSize > Math.min(LIMIT, MOST_RATIO * size + 64)) {
      throw damaged(path, `announces ${originalSize} bytes for ${wanted}, packed in ${size}`, originalSize);
    }
    return true;
  });
  return found[file]!;
}

function listOf(bytes: Uint8Array, path: string): string[] {
  const names: string[] = [];
  let count = 0;
  unzip(bytes, path, ({ name }) => {
    if (++count > MOST_ARRAYS) throw damaged(path, "has a damaged directory", count);
    if (name.endsWith(".npy")) names.push(name.slice(0, -4));
    return false;
  });
  return names;
}

type Filter = (file: { readonly name: string; readonly size: number; readonly originalSize: number }) => boolean;

function unzip(bytes: Uint8Array, path: string, filter: Filter): Record<string, Uint8Array> {
  // fflate would look for the directory's end before the beginning of the file, 65,000 times.
  if (bytes.length < SMALLEST) throw damaged(path, "is a damaged archive: it is cut short", bytes.length);
  try {
    return unzipSync(bytes, { filter });
  } catch (error) {
    if (error instanceof LimbeckError) throw error;
    throw damaged(path, `is a damaged archive: ${(error as Error).message}`, path, error);
  }
}

function unnamed(path: string, key: string | undefined, names: readonly string[]): LimbeckError {
  const list = names.slice(0, NAMED).join(", ") + (names.length > NAMED ? " and more" : "");
  const near = key === undefined ? undefined : nearestWord(key, names);
  const problem = key === undefined ? `has ${names.length} arrays, and none is named` : `has no array ${key}`;
  const fix = near === undefined ? `Name one, such as ${path}#${names[0] ?? "x_train"}.` : `Did you mean ${near}?`;
  return new LimbeckError("RECIPE_INVALID", `${path} ${problem}; it has ${list || "none"}`, {
    where: path,
    value: key ?? names,
    fix,
  });
}
