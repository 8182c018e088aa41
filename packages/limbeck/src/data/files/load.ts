import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { LimbeckError } from "../../support/errors.js";
import type { ImageDataset } from "../dataset.js";
import { PADDING } from "../texts/encode.js";
import { findFiles } from "./find.js";
import type { FileOptions } from "./options.js";

const MOST_BYTES = 2 ** 31;

/** Beyond what is asked for, so many bytes are looked through for white space. */
const LOOK_AHEAD = 3072;

/**
 * Reads the first and last bytes of files as numbers from 0 to 255, 256 where there are none: `[size, 1, 1, first + last]`.
 * The last bytes stand at the end. Files that begin and end alike count once; empty ones, and those that cannot be read, do
 * not count. Nobody has labelled them: all labels are 0.
 * @throws LimbeckError FILE_MISSING, FILE_UNREADABLE; DATA_TOO_SMALL where fewer than two files are left; the signal's reason
 */
export async function loadFiles(
  roots: readonly string[],
  options: FileOptions,
  signal: AbortSignal,
): Promise<ImageDataset> {
  const length = options.first + options.last;
  if (length === 0) {
    throw new LimbeckError("RECIPE_INVALID", "of each file no byte is read", {
      where: "data.source.first",
      value: 0,
      fix: "Set first, last or both above 0.",
    });
  }
  const paths = await findFiles(roots, options, signal);
  requireRoom(paths.length, length);
  const pixels = new Float32Array(paths.length * length);
  const known = new Set<string>();
  let size = 0;
  for (const path of paths) {
    signal.throwIfAborted();
    const sample = await endsOf(path, options);
    const key = sample && createHash("sha1").update(sample).digest("base64");
    if (!key || known.has(key)) continue;
    known.add(key);
    pixels.set(sample, size++ * length);
  }
  if (size < 2) {
    throw new LimbeckError("DATA_TOO_SMALL", `Of ${paths.length} files, ${size} can be read and differ`, {
      where: "data.source.files",
      value: roots,
      fix: "Name folders with more files, which you may read.",
    });
  }
  return {
    name: roots.join(", "),
    size,
    channels: 1,
    height: 1,
    width: length,
    classes: [],
    columns: ["byte"],
    pixels: pixels.subarray(0, size * length),
    labels: new Uint8Array(size),
  };
}

/** Samples are kept in memory, as float32. */
function requireRoom(files: number, length: number): void {
  const bytes = 4 * files * length;
  if (bytes <= MOST_BYTES) return;
  throw new LimbeckError(
    "RECIPE_INVALID",
    `${files} files of ${length} bytes each would take ${bytes} bytes of memory`,
    {
      where: "data.source.most",
      value: files,
      fix: `Take at most ${Math.floor(MOST_BYTES / 4 / length)} files, or fewer bytes of each.`,
    },
  );
}

/** What models see of one file; nothing where it is empty or cannot be read. */
async function endsOf(path: string, { first, last, trim }: FileOptions): Promise<Uint16Array | undefined> {
  const found = await readEnds(path, first, last, trim ? LOOK_AHEAD : 0).catch(() => undefined);
  if (!found) return undefined;
  const head = trim ? found.head.subarray(count(found.head, isSpace)) : found.head;
  const tail = trim ? found.tail.subarray(0, found.tail.length - count(found.tail.toReversed(), isSpace)) : found.tail;
  const sample = new Uint16Array(first + last).fill(PADDING);
  sample.set(head.subarray(0, first));
  const end = last === 0 ? tail.subarray(tail.length) : tail.subarray(-last);
  sample.set(end, sample.length - end.length);
  return sample;
}

async function readEnds(path: string, first: number, last: number, more: number) {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    if (size === 0) return undefined;
    const part = async (length: number, position: number) => {
      const bytes = new Uint8Array(length);
      const { bytesRead } = await file.read(bytes, 0, length, position);
      return bytes.subarray(0, bytesRead);
    };
    const [front, back] = [Math.min(size, first + more), Math.min(size, last + more)];
    return { head: await part(front, 0), tail: await part(back, size - back) };
  } finally {
    await file.close();
  }
}

/** White space as Python's `bytes.strip` understands it. */
const isSpace = (byte: number): boolean => byte === 32 || (byte >= 9 && byte <= 13);

/** How many leading values of a kind there are. */
function count(bytes: Uint8Array, isKind: (byte: number) => boolean): number {
  const end = bytes.findIndex((byte) => !isKind(byte));
  return end < 0 ? bytes.length : end;
}
