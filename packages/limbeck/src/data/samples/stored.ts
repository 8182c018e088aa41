import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { LimbeckError, toFileError } from "../../support/errors.js";
import { type Dtype, readNumbers, widthOf } from "../numpy/dtypes.js";
import { toPlanes } from "../planes.js";

/** Where in a file samples stand, one after another, and how. Plain data: it may go to another thread. */
export interface StoredPlace {
  readonly path: string;
  /** Where the first sample begins. */
  readonly offset: number;
  readonly samples: number;
  /** Values of a sample. */
  readonly length: number;
  readonly kind: "bytes" | "numbers";
  /** How numbers are written: "f4", "i8"; of bytes "u1". */
  readonly dtype: Dtype;
  readonly isLittle: boolean;
  /** Where the channels of each pixel stand side by side, how many they are; samples come in planes all the same. */
  readonly interleaved?: number;
}

/** So many bytes are read at once where all samples are gone through. */
const PART = 4_000_000;

const descriptors = new FinalizationRegistry<number>((descriptor) => closeSync(descriptor));

/** Samples in a file, of which one is in memory at a time. */
export class StoredSamples {
  readonly place: StoredPlace;
  readonly kind: StoredPlace["kind"];
  /** How many values there are. */
  readonly length: number;
  /** What all values would take in memory. */
  readonly bytes: number;
  readonly #descriptor: number;
  readonly #one: Reader;
  #digest: Buffer | undefined;

  /**
   * @param digest SHA-256 of the values, where it is known
   * @throws LimbeckError FILE_MISSING, FILE_UNREADABLE; DATA_CORRUPT where the file is too short
   */
  constructor(place: StoredPlace, digest?: Buffer) {
    this.place = place;
    this.kind = place.kind;
    this.length = place.samples * place.length;
    this.bytes = this.length * (place.kind === "bytes" ? 1 : 4);
    this.#digest = digest;
    this.#descriptor = opened(place);
    descriptors.register(this, this.#descriptor);
    this.#one = new Reader(place, this.#descriptor, 1);
  }

  /** The values of a sample; they last until the next call. @throws LimbeckError FILE_UNREADABLE, DATA_CORRUPT */
  at(index: number): Uint8Array | Float32Array {
    return this.#one.read(index, 1);
  }

  /** All values in order, in parts of whole samples; each lasts until the next one. */
  *parts(): Generator<Uint8Array | Float32Array> {
    const { samples, length } = this.place;
    const most = Math.max(1, Math.floor(PART / length));
    const reader = new Reader(this.place, this.#descriptor, Math.min(most, samples));
    for (let first = 0; first < samples; first += most) yield reader.read(first, Math.min(most, samples - first));
  }

  /** SHA-256 of all values. */
  digest(): Buffer {
    if (this.#digest) return this.#digest;
    const hash = createHash("sha256");
    for (const part of this.parts()) hash.update(part);
    this.#digest = hash.digest();
    return this.#digest;
  }
}

function opened({ path, offset, samples, length, dtype }: StoredPlace): number {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, "r");
    const { size } = fstatSync(descriptor);
    if (size >= offset + samples * length * widthOf(dtype)) return descriptor;
  } catch (error) {
    throw toFileError(error, path, true);
  }
  closeSync(descriptor);
  throw cutShort(path);
}

/** Reads samples into buffers that it keeps. */
class Reader {
  readonly #place: StoredPlace;
  readonly #descriptor: number;
  readonly #bytes: Uint8Array;
  /** What is read, as it is handed out. */
  readonly #values: Uint8Array | Float32Array;
  readonly #isPlain: boolean;

  /** @param most samples that are read at once */
  constructor(place: StoredPlace, descriptor: number, most: number) {
    const { length, dtype, kind, isLittle, interleaved = 1 } = place;
    this.#place = place;
    this.#descriptor = descriptor;
    this.#bytes = new Uint8Array(most * length * widthOf(dtype));
    this.#isPlain = kind === "bytes" ? interleaved === 1 : dtype === "f4" && isLittle === IS_LITTLE;
    this.#values = this.#made(most * length);
  }

  #made(count: number): Uint8Array | Float32Array {
    const { kind } = this.#place;
    if (kind === "bytes") return this.#isPlain ? this.#bytes : new Uint8Array(count);
    return this.#isPlain ? new Float32Array(this.#bytes.buffer) : new Float32Array(count);
  }

  read(first: number, count: number): Uint8Array | Float32Array {
    const { length, dtype, isLittle, interleaved, offset } = this.#place;
    const width = length * widthOf(dtype);
    const bytes = this.#bytes.subarray(0, count * width);
    this.#fill(bytes, offset + first * width);
    const values = this.#values.subarray(0, count * length);
    if (this.#isPlain) return values;
    if (values instanceof Uint8Array) {
      for (let at = 0; at < values.length; at += length) {
        toPlanes(bytes.subarray(at, at + length), interleaved!, values.subarray(at, at + length));
      }
    } else values.set(readNumbers(dtype, bytes, values.length, isLittle));
    return values;
  }

  #fill(bytes: Uint8Array, position: number): void {
    const { path } = this.#place;
    for (let at = 0; at < bytes.length; ) {
      let read: number;
      try {
        read = readSync(this.#descriptor, bytes, at, bytes.length - at, position + at);
      } catch (error) {
        throw toFileError(error, path, true);
      }
      if (read === 0) throw cutShort(path);
      at += read;
    }
  }
}

const IS_LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function cutShort(path: string): LimbeckError {
  return new LimbeckError("DATA_CORRUPT", `${path} is cut short`, {
    where: path,
    fix: "Bring it back as it was, or begin a new run.",
  });
}
