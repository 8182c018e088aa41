import { createHash } from "node:crypto";
import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { LimbeckError, toFileError } from "../../support/errors.js";
import { makeFolder } from "../../support/files.js";
import { type Samples, sharedBytes } from "./samples.js";
import { StoredSamples } from "./stored.js";

/** Files of decoded samples that nobody has used for so long are deleted when a new one is written. */
const UNUSED_MS = 30 * 24 * 3600 * 1000;

/** A file that is being written changes all the time: one that does not was left by a process that is gone. */
const ABANDONED_MS = 3600 * 1000;

const MAGIC = Buffer.from("LMBKDEC1", "latin1");
const LONGEST_NOTE = 64_000_000;

const noteSchema = z.strictObject({
  samples: z.int().positive(),
  length: z.int().positive(),
  /** Of all values, in hexadecimal. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** What could not be decoded: its place in the list, and why. */
  problems: z.array(z.tuple([z.int().nonnegative(), z.string()])),
});

/** What stands behind the values of a file of decoded samples. */
export type DecodedNote = z.infer<typeof noteSchema>;

/** Samples that were decoded before. */
export interface Decoded {
  readonly samples: Samples;
  readonly problems: DecodedNote["problems"];
}

/**
 * A file of decoded samples, where there is a sound one; a damaged one is deleted.
 * @param memory of more bytes, samples stay in the file
 */
export function openDecoded(path: string, length: number, memory: number): Decoded | undefined {
  const note = readNote(path);
  if (!note) return undefined;
  const { samples, sha256, problems } = note;
  const place = { path, offset: 0, samples, length, kind: "bytes", dtype: "u1", isLittle: true } as const;
  if (note.length !== length) return undefined;
  const stored = new StoredSamples(place, Buffer.from(sha256, "hex"));
  if (stored.bytes > memory) return { samples: touched(stored), problems };
  const values = sharedBytes(stored.length);
  let at = 0;
  for (const part of stored.parts()) {
    values.set(part, at);
    at += part.length;
  }
  if (createHash("sha256").update(values).digest("hex") === sha256) return { samples: values, problems };
  rmSync(path, { force: true });
  return undefined;
}

function touched(stored: StoredSamples): StoredSamples {
  try {
    utimesSync(stored.place.path, new Date(), new Date());
  } catch {
    // Somebody else's cache: it is read all the same.
  }
  return stored;
}

/** Values, then a note as JSON, its length in 4 bytes, and the mark: what was cut short has no mark at its end. */
function readNote(path: string): DecodedNote | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch {
    return undefined;
  }
  try {
    const { size } = fstatSync(descriptor);
    const end = Buffer.alloc(4 + MAGIC.length);
    if (size < end.length || readSync(descriptor, end, 0, end.length, size - end.length) < end.length) return undefined;
    const length = end.readUInt32LE(0);
    if (!MAGIC.equals(end.subarray(4)) || length > Math.min(LONGEST_NOTE, size - end.length)) return undefined;
    const text = Buffer.alloc(length);
    readSync(descriptor, text, 0, length, size - end.length - length);
    const note = noteSchema.parse(JSON.parse(text.toString("utf8")));
    return note.samples * note.length + length + end.length === size ? note : undefined;
  } catch {
    return undefined;
  } finally {
    closeSync(descriptor);
  }
}

/** Writes a file of decoded samples, in any order: it appears whole or not at all. */
export class DecodedWriter {
  readonly #path: string;
  readonly #temporary: string;
  readonly #length: number;
  readonly #descriptor: number;
  #isOpen = true;

  /**
   * @param samples how many may come
   * @param length bytes of a sample
   * @throws LimbeckError DISK_FULL where they would not fit, FILE_UNWRITABLE
   */
  constructor(path: string, samples: number, length: number) {
    makeFolder(dirname(path));
    sweep(dirname(path));
    requireSpace(path, samples * length);
    this.#path = path;
    this.#temporary = `${path}.${process.pid}.tmp`;
    this.#length = length;
    try {
      this.#descriptor = openSync(this.#temporary, "w+");
    } catch (error) {
      throw toFileError(error, path);
    }
  }

  /** @param values of the sample at this place, and of those that follow it @throws LimbeckError DISK_FULL, FILE_UNWRITABLE */
  put(index: number, values: Uint8Array): void {
    this.#write(values, index * this.#length);
  }

  /**
   * Closes the gaps of what could not be decoded, and gives the file its name.
   * @param kept places that were put, ascending
   * @throws LimbeckError DISK_FULL, FILE_UNWRITABLE
   */
  finish(kept: readonly number[], problems: DecodedNote["problems"]): void {
    const hash = createHash("sha256");
    const sample = Buffer.alloc(this.#length);
    for (const [to, from] of kept.entries()) {
      readSync(this.#descriptor, sample, 0, sample.length, from * sample.length);
      hash.update(sample);
      if (to < from) this.put(to, sample);
    }
    const note: DecodedNote = { samples: kept.length, length: sample.length, sha256: hash.digest("hex"), problems };
    const text = Buffer.from(JSON.stringify(note));
    const size = Buffer.alloc(4);
    size.writeUInt32LE(text.length);
    const end = Buffer.concat([text, size, MAGIC]);
    const position = kept.length * sample.length;
    this.#write(end, position);
    try {
      ftruncateSync(this.#descriptor, position + end.length);
      fsyncSync(this.#descriptor);
      this.#close();
      renameSync(this.#temporary, this.#path);
    } catch (error) {
      throw toFileError(error, this.#path);
    }
  }

  /** Gives up: nothing is left behind. */
  abandon(): void {
    if (this.#isOpen) this.#close();
    rmSync(this.#temporary, { force: true });
  }

  #close(): void {
    this.#isOpen = false;
    closeSync(this.#descriptor);
  }

  #write(bytes: Uint8Array, position: number): void {
    try {
      for (let at = 0; at < bytes.length; ) {
        at += writeSync(this.#descriptor, bytes, at, bytes.length - at, position + at);
      }
    } catch (error) {
      throw toFileError(error, this.#path);
    }
  }
}

function requireSpace(path: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(dirname(path));
  const free = bavail * bsize;
  if (bytes <= free) return;
  const gigabytes = (count: number) => `${(count / 1e9).toFixed(1)} GB`;
  throw new LimbeckError(
    "DISK_FULL",
    `${gigabytes(bytes)} of decoded samples do not fit: ${gigabytes(free)} are free`,
    {
      where: dirname(path),
      value: bytes,
      fix: "Free some space, set LIMBECK_CACHE_DIR to a folder on another disk, or make data.source.size smaller.",
    },
  );
}

/** Deletes what nobody uses any more. */
function sweep(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY);
    if (age > (name.endsWith(".tmp") ? ABANDONED_MS : UNUSED_MS)) rmSync(path, { force: true });
  }
}
