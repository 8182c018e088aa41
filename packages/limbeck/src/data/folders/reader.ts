import { availableParallelism } from "node:os";
import { LimbeckError } from "../../support/errors.js";
import { sampleLength } from "../dataset.js";
import type { FoundFiles } from "./find.js";
import type { Medium } from "./medium.js";

/** Decoded samples take at most so many bytes. */
const LIMIT = 2_000_000_000;

/** At most so many files are decoded at once: an image may have 100 million pixels, though most formats are read row by row. */
const AT_ONCE = 4;

/** How many corrupt files are named in an error. */
const NAMED = 5;

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
  /** Memory that all of them take. */
  readonly bytes: number;
  /** Files beside them that are of other kinds. */
  readonly ignored: number;
}

/** Who wants to know how far reading is; everything is told in order. */
export interface FilesListener {
  plan?(plan: FilesPlan): void;
  decoded?(count: number, total: number): void;
  /** Files that were left out. */
  skipped?(files: readonly CorruptFile[]): void;
}

/** What came of a list of files. */
export interface ReadFiles {
  readonly pixels: Uint8Array | Float32Array;
  /** `[samples]`: the place in the list of the file that each is from. */
  readonly origins: Uint32Array;
}

/** Decodes several lists of files as one piece of work. */
export class FileReader {
  readonly corrupt: CorruptFile[] = [];
  readonly mayLeaveOut: boolean;
  readonly #medium: Medium;
  readonly #signal: AbortSignal;
  readonly #listener: FilesListener;
  readonly #counts: ReadonlyMap<string, number>;
  readonly #total: number;
  #done = 0;

  private constructor(
    medium: Medium,
    counts: ReadonlyMap<string, number>,
    plan: FilesPlan,
    mayLeaveOut: boolean,
    signal: AbortSignal,
    listener: FilesListener,
  ) {
    this.#medium = medium;
    this.#counts = counts;
    this.#total = plan.files;
    this.mayLeaveOut = mayLeaveOut;
    this.#signal = signal;
    this.#listener = listener;
  }

  /** @throws LimbeckError RECIPE_INVALID where all samples would take more than 2 GB; the signal's reason */
  static async open(
    medium: Medium,
    parts: readonly FoundFiles[],
    corrupt: "fail" | "skip",
    signal: AbortSignal,
    listener: FilesListener,
  ): Promise<FileReader> {
    const paths = parts.flatMap((part) => part.paths);
    const counts = await countSamples(medium, paths, signal);
    const samples = paths.reduce((sum, path) => sum + (counts.get(path) ?? 1), 0);
    const { channels, height, width } = medium.facts;
    const plan: FilesPlan = {
      noun: medium.noun,
      files: paths.length,
      samples,
      shape: [channels, height, width],
      bytes: samples * sampleLength(medium.facts) * medium.allocate(0).BYTES_PER_ELEMENT,
      ignored: parts.reduce((sum, { ignored }) => sum + ignored, 0),
    };
    if (plan.bytes > LIMIT) throw tooMuch(plan, medium.shrink);
    listener.plan?.(plan);
    return new FileReader(medium, counts, plan, corrupt === "skip", signal, listener);
  }

  /** Reads those of a list that can be decoded. */
  async read(paths: readonly string[]): Promise<ReadFiles> {
    const length = sampleLength(this.#medium.facts);
    const counts = paths.map((path) => this.#counts.get(path) ?? 1);
    const starts = startsOf(counts);
    const pixels = this.#medium.allocate(starts.at(-1)! * length);
    const problems = new Map<number, string>();
    await forEach(paths, this.#signal, async (path, i) => {
      try {
        const samples = await this.#medium.decode(path);
        if (samples.length !== counts[i]! * length) throw new Error("changed while it was read");
        pixels.set(samples, starts[i]! * length);
      } catch (error) {
        problems.set(i, (error as Error).message.split("\n")[0]!);
      }
      this.#listener.decoded?.(++this.#done, this.#total);
    });
    for (const [i, path] of paths.entries()) {
      if (problems.has(i)) this.corrupt.push({ path, problem: problems.get(i)! });
    }
    let size = 0;
    const origins: number[] = [];
    for (const i of paths.keys()) {
      if (problems.has(i)) continue;
      pixels.copyWithin(size * length, starts[i]! * length, starts[i + 1]! * length);
      size += counts[i]!;
      for (let k = 0; k < counts[i]!; k++) origins.push(i);
    }
    return { pixels: pixels.subarray(0, size * length), origins: Uint32Array.from(origins) };
  }

  /** Tells what was corrupt. @throws LimbeckError DATA_CORRUPT where nothing may be left out */
  finish(): void {
    const { corrupt } = this;
    if (corrupt.length === 0) return;
    if (this.mayLeaveOut) {
      this.#listener.skipped?.(corrupt);
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

/** Of files that may have several samples; what cannot be read stands for one, and is told of when it is decoded. */
async function countSamples(medium: Medium, paths: readonly string[], signal: AbortSignal) {
  const counts = new Map<string, number>();
  if (!medium.count) return counts;
  await forEach(paths, signal, async (path) => {
    counts.set(path, await medium.count!(path).catch(() => 1));
  });
  return counts;
}

/** Some at once. */
async function forEach(
  paths: readonly string[],
  signal: AbortSignal,
  work: (path: string, i: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < paths.length; i = next++) {
      signal.throwIfAborted();
      await work(paths[i]!, i);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, availableParallelism()) }, worker));
}

/** Where each begins, and where the last one ends. */
function startsOf(counts: readonly number[]): number[] {
  const starts = [0];
  for (const count of counts) starts.push(starts.at(-1)! + count);
  return starts;
}

function tooMuch({ noun, samples, shape, bytes }: FilesPlan, shrink: string): LimbeckError {
  const gigabytes = (count: number) => `${(count / 1e9).toFixed(1)} GB`;
  const message = `${samples} ${noun}s of ${shape.join(" × ")} take ${gigabytes(bytes)} of memory; ${gigabytes(LIMIT)} are allowed`;
  const fix = `Make data.source.${shrink} smaller, or name a folder with fewer ${noun}s.`;
  return new LimbeckError("RECIPE_INVALID", message, { where: `data.source.${shrink}`, value: bytes, fix });
}
