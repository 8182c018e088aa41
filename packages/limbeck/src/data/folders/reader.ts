import { availableParallelism } from "node:os";
import { join } from "node:path";
import { LimbeckError } from "../../support/errors.js";
import { sampleLength } from "../dataset.js";
import { type Decoded, DecodedWriter, openDecoded } from "../samples/cache-file.js";
import { DEFAULT_MEMORY } from "../samples/options.js";
import type { Samples } from "../samples/samples.js";
import type { FoundFiles } from "./find.js";
import type { Medium } from "./medium.js";

/** At most so many files are decoded at once: an image may have 100 million pixels, though most formats are read row by row. */
const AT_ONCE = 4;

/** How many corrupt files are named in an error. */
const NAMED = 5;

/** A file by its path, or by its bytes and what messages call it. */
export type EncodedFile = string | { readonly name: string; readonly bytes: Uint8Array };

/** A file that cannot be decoded. */
export interface CorruptFile {
  readonly path: string;
  readonly problem: string;
}

/** What is known of files before any is decoded. */
export interface FilesPlan {
  /** What a file is called, such as `image`. */
  readonly noun: string;
  readonly files: number;
  /** As many as files, where none is cut into several. */
  readonly samples: number;
  /** Of one sample. */
  readonly shape: readonly [channels: number, height: number, width: number];
  /** What all of them take. */
  readonly bytes: number;
  /** The folder on whose disk they take that; default: it is memory. */
  readonly folder?: string;
  /** Files beside them that are of other kinds. */
  readonly ignored: number;
}

/** Where decoded samples are kept. */
export interface SamplePlaces {
  /** A folder of files of decoded samples, from which later runs read them. Default: they are not kept. */
  readonly cache?: string | undefined;
  /** Samples that take more bytes in all stay there. Default: {@link DEFAULT_MEMORY} */
  readonly memory?: number | undefined;
}

/** Who wants to know how far reading is; everything is told in order. */
export interface FilesListener {
  plan?(plan: FilesPlan): void;
  decoded?(count: number, total: number): void;
  /** Files that were left out. */
  skipped?(files: readonly CorruptFile[]): void;
}

/** How many files there are. */
export interface CountedFiles {
  readonly files: number;
  readonly ignored: number;
  /** How many samples files have, by path. Default: one each. */
  readonly counts?: ReadonlyMap<string, number>;
}

/** How files are read. */
export interface ReaderOptions {
  readonly corrupt: "fail" | "skip";
  readonly signal: AbortSignal;
  readonly listener: FilesListener;
  readonly places?: SamplePlaces;
}

/** What came of a list of files. */
export interface ReadFiles {
  readonly pixels: Samples;
  /** `[samples]`: the place in the list of the file that each is from. */
  readonly origins: Uint32Array;
}

/** Decodes several lists of files as one piece of work. */
export class FileReader {
  readonly corrupt: CorruptFile[] = [];
  readonly mayLeaveOut: boolean;
  readonly #medium: Medium;
  readonly #options: ReaderOptions;
  readonly #counts: ReadonlyMap<string, number> | undefined;
  readonly #total: number;
  /** Whether samples stay on disk. */
  readonly #isLarge: boolean;
  #done = 0;

  /** @throws LimbeckError RECIPE_INVALID where all samples would take more memory than is allowed, and are not kept on disk */
  constructor(medium: Medium, { files, ignored, counts }: CountedFiles, options: ReaderOptions) {
    const { memory = DEFAULT_MEMORY, cache } = options.places ?? {};
    this.#medium = medium;
    this.#options = options;
    this.#counts = counts;
    this.#total = files;
    this.mayLeaveOut = options.corrupt === "skip";
    const samples = counts ? [...counts.values()].reduce((sum, count) => sum + count, 0) : files;
    const { channels, height, width } = medium.facts;
    const bytes = samples * this.#length * medium.allocate(0).BYTES_PER_ELEMENT;
    this.#isLarge = bytes > memory;
    const isKept = cache !== undefined && medium.keptAs !== undefined;
    const folder = this.#isLarge && isKept ? { folder: cache } : {};
    const shape: FilesPlan["shape"] = [channels, height, width];
    const plan: FilesPlan = { noun: medium.noun, files, samples, shape, bytes, ...folder, ignored };
    if (this.#isLarge && !isKept) throw tooMuch(plan, medium.shrink, memory);
    options.listener.plan?.(plan);
  }

  /**
   * Reads those of a list that can be decoded.
   * @throws LimbeckError DISK_FULL, FILE_UNWRITABLE where they do not fit on disk; the signal's reason
   */
  async read(files: readonly EncodedFile[]): Promise<ReadFiles> {
    const path = await this.#pathOf(files);
    const { samples, problems } = (await this.#known(path, files)) ?? (await this.#decode(path, files));
    const reasons = new Map(problems);
    for (const [i, problem] of problems) this.corrupt.push({ path: nameOf(files[i]!), problem });
    const origins = files.flatMap((file, i) => (reasons.has(i) ? [] : Array<number>(this.#countOf(file)).fill(i)));
    return { pixels: samples, origins: Uint32Array.from(origins) };
  }

  get #length(): number {
    return sampleLength(this.#medium.facts);
  }

  #countOf(file: EncodedFile): number {
    return this.#counts?.get(nameOf(file)) ?? 1;
  }

  /** The file that decoded samples are kept in. */
  async #pathOf(files: readonly EncodedFile[]): Promise<string | undefined> {
    const { places, signal } = this.#options;
    const arePaths = files.every((file) => typeof file === "string");
    if (places?.cache === undefined || !arePaths || !this.#medium.keptAs) return undefined;
    return join(places.cache, await this.#medium.keptAs(files, signal));
  }

  /** What was decoded before, unless a file that could not be decoded then can be now. */
  async #known(path: string | undefined, files: readonly EncodedFile[]): Promise<Decoded | undefined> {
    const memory = this.#isLarge ? 0 : Number.POSITIVE_INFINITY;
    const known = path === undefined ? undefined : openDecoded(path, this.#length, memory);
    for (const [i] of known?.problems ?? []) {
      const values = await this.#medium.decode(encodedOf(files[i]!)).catch(() => undefined);
      if (values) return undefined;
    }
    if (!known) return undefined;
    this.#done += files.length;
    this.#options.listener.decoded?.(this.#done, this.#total);
    return known;
  }

  async #decode(path: string | undefined, files: readonly EncodedFile[]): Promise<Decoded> {
    if (this.#isLarge) return this.#decodeToDisk(path!, files);
    const length = this.#length;
    const starts = startsOf(files.map((file) => this.#countOf(file)));
    const pixels = this.#medium.allocate(starts.at(-1)! * length);
    const { kept, problems } = await this.#decodeAll(files, (i, values) => pixels.set(values, starts[i]! * length));
    let size = 0;
    for (const i of kept) {
      pixels.copyWithin(size * length, starts[i]! * length, starts[i + 1]! * length);
      size += starts[i + 1]! - starts[i]!;
    }
    const samples = pixels.subarray(0, size * length);
    if (path !== undefined && size > 0) keepIfPossible(path, samples as Uint8Array, length, problems);
    return { samples, problems };
  }

  async #decodeToDisk(path: string, files: readonly EncodedFile[]): Promise<Decoded> {
    const writer = new DecodedWriter(path, files.length, this.#length);
    try {
      const { kept, problems } = await this.#decodeAll(files, (i, values) => writer.put(i, values as Uint8Array));
      if (kept.length === 0) {
        writer.abandon();
        return { samples: new Uint8Array(), problems };
      }
      writer.finish(kept, problems);
    } catch (error) {
      writer.abandon();
      throw error;
    }
    return openDecoded(path, this.#length, 0)!;
  }

  /** Hands over what can be decoded. @returns which files that was, and what is wrong with the others, in their order */
  async #decodeAll(files: readonly EncodedFile[], put: (i: number, values: Uint8Array | Float32Array) => void) {
    const problems = new Map<number, string>();
    await forEach(files, this.#options.signal, async (file, i) => {
      const values = await this.#decodeOne(file).catch((error: Error) => {
        problems.set(i, error.message.split("\n")[0]!);
      });
      if (values) put(i, values);
      this.#options.listener.decoded?.(++this.#done, this.#total);
    });
    const kept = files.flatMap((_, i) => (problems.has(i) ? [] : [i]));
    return { kept, problems: [...problems].sort(([a], [b]) => a - b) };
  }

  async #decodeOne(file: EncodedFile): Promise<Uint8Array | Float32Array> {
    const values = await this.#medium.decode(encodedOf(file));
    if (values.length !== this.#countOf(file) * this.#length) throw new Error("changed while it was read");
    return values;
  }

  /** Tells what was corrupt. @throws LimbeckError DATA_CORRUPT where nothing may be left out */
  finish(): void {
    const { corrupt } = this;
    if (corrupt.length === 0) return;
    if (this.mayLeaveOut) {
      this.#options.listener.skipped?.(corrupt);
      return;
    }
    const list = corrupt.slice(0, NAMED).map(({ path, problem }) => `\n  ${path}: ${problem}`);
    const more = corrupt.length > NAMED ? `\n  and ${corrupt.length - NAMED} more` : "";
    const message = `Of ${this.#total} ${this.#medium.noun}s, ${corrupt.length} cannot be decoded:${list.join("")}${more}`;
    throw new LimbeckError("DATA_CORRUPT", message, {
      where: corrupt[0]!.path,
      value: corrupt,
      fix: "Replace or delete them, or set data.source.corrupt to skip.",
    });
  }
}

/**
 * Counts files, and samples where a file may have several; what cannot be read stands for one, and is told of when it is decoded.
 * @throws the signal's reason
 */
export async function countFiles(
  medium: Medium,
  parts: readonly FoundFiles[],
  signal: AbortSignal,
): Promise<CountedFiles> {
  const paths = parts.flatMap((part) => part.paths);
  const counted = { files: paths.length, ignored: parts.reduce((sum, { ignored }) => sum + ignored, 0) };
  if (!medium.count) return counted;
  const counts = new Map<string, number>();
  await forEach(paths, signal, async (path) => {
    counts.set(path, await medium.count!(path).catch(() => 1));
  });
  return { ...counted, counts };
}

const encodedOf = (file: EncodedFile) => (typeof file === "string" ? file : file.bytes);

const nameOf = (file: EncodedFile) => (typeof file === "string" ? file : file.name);

/** Some at once. Where one fails, none is begun any more. */
async function forEach<Item>(
  items: readonly Item[],
  signal: AbortSignal,
  work: (item: Item, i: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    try {
      for (let i = next++; i < items.length; i = next++) {
        signal.throwIfAborted();
        await work(items[i]!, i);
      }
    } finally {
      next = Math.max(next, items.length);
    }
  };
  const all = await Promise.allSettled(Array.from({ length: Math.min(AT_ONCE, availableParallelism()) }, worker));
  for (const one of all) if (one.status === "rejected") throw one.reason;
}

/** Where each begins, and where the last one ends. */
function startsOf(counts: readonly number[]): number[] {
  const starts = [0];
  for (const count of counts) starts.push(starts.at(-1)! + count);
  return starts;
}

/** Samples that fit into memory are decoded again where they cannot be kept. */
function keepIfPossible(path: string, samples: Uint8Array, length: number, problems: Decoded["problems"]): void {
  try {
    const count = samples.length / length;
    const writer = new DecodedWriter(path, count, length);
    try {
      writer.put(0, samples);
      writer.finish([...Array(count).keys()], problems);
    } catch (error) {
      writer.abandon();
      throw error;
    }
  } catch (error) {
    if (!(error instanceof LimbeckError)) throw error;
  }
}

function tooMuch({ noun, samples, shape, bytes }: FilesPlan, shrink: string, memory: number): LimbeckError {
  const gigabytes = (count: number) => `${(count / 1e9).toFixed(1)} GB`;
  const message = `${samples} ${noun}s of ${shape.join(" × ")} take ${gigabytes(bytes)} of memory; ${gigabytes(memory)} are allowed`;
  const fix = `Make data.source.${shrink} smaller, or name a folder with fewer ${noun}s.`;
  return new LimbeckError("RECIPE_INVALID", message, { where: `data.source.${shrink}`, value: bytes, fix });
}
