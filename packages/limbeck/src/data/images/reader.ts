import { availableParallelism } from "node:os";
import { LimbeckError } from "../../support/errors.js";
import { type ImageGeometry, sampleLength } from "../dataset.js";
import { type Decoded, DecodedWriter, openDecoded } from "../samples/cache-file.js";
import { DEFAULT_MEMORY } from "../samples/options.js";
import { type Samples, sharedBytes } from "../samples/samples.js";
import { decodedPath } from "./cache.js";
import { decodeImage } from "./decode.js";
import type { FoundImages } from "./find.js";
import type { ImageOptions } from "./options.js";

/** At most so many images are decoded at once: each may have 100 million pixels, though most formats are read row by row. */
const AT_ONCE = 16;

/** How many corrupt images are named in an error. */
const NAMED = 5;

/** An image that cannot be decoded. */
export interface CorruptImage {
  readonly path: string;
  readonly problem: string;
}

/** What is known of images before any is decoded. */
export interface ImagesPlan {
  readonly images: number;
  /** Of one image. */
  readonly shape: readonly [channels: number, height: number, width: number];
  /** What all of them take. */
  readonly bytes: number;
  /** The folder on whose disk they take that; default: it is memory. */
  readonly folder?: string;
  /** Files beside them that are no images. */
  readonly ignored: number;
}

/** Where decoded images are kept. */
export interface ImagePlaces {
  /** A folder of files of decoded images, from which later runs read them. Default: they are not kept. */
  readonly cache?: string | undefined;
  /** Images that take more bytes in all stay there. Default: {@link DEFAULT_MEMORY} */
  readonly memory?: number | undefined;
}

/** Who wants to know how far reading is; everything is told in order. */
export interface ImagesListener {
  plan?(plan: ImagesPlan): void;
  decoded?(count: number, total: number): void;
  /** Images that were left out. */
  skipped?(images: readonly CorruptImage[]): void;
}

/** Decodes several lists of images as one piece of work. */
export class ImageReader {
  readonly geometry: ImageGeometry;
  readonly corrupt: CorruptImage[] = [];
  readonly mayLeaveOut: boolean;
  readonly #options: ImageOptions;
  readonly #signal: AbortSignal;
  readonly #listener: ImagesListener;
  readonly #places: ImagePlaces;
  /** Whether images stay on disk. */
  readonly #isLarge: boolean;
  readonly #total: number;
  #done = 0;

  /** @throws LimbeckError RECIPE_INVALID where all would take more memory than is allowed, and there is no folder for them */
  constructor(
    parts: readonly FoundImages[],
    options: ImageOptions,
    signal: AbortSignal,
    listener: ImagesListener,
    places: ImagePlaces = {},
  ) {
    const { memory = DEFAULT_MEMORY, cache } = places;
    this.#places = places;
    this.#options = options;
    this.#signal = signal;
    this.#listener = listener;
    const { size, channels, corrupt } = options;
    const [height, width] = size;
    this.geometry = { channels, height, width };
    this.mayLeaveOut = corrupt === "skip";
    this.#total = parts.reduce((sum, { paths }) => sum + paths.length, 0);
    const bytes = this.#total * sampleLength(this.geometry);
    this.#isLarge = bytes > memory;
    const plan: ImagesPlan = {
      images: this.#total,
      shape: [channels, height, width],
      bytes,
      ...(this.#isLarge && cache !== undefined ? { folder: cache } : {}),
      ignored: parts.reduce((sum, { ignored }) => sum + ignored, 0),
    };
    if (this.#isLarge && cache === undefined) throw tooMuch(plan, memory);
    listener.plan?.(plan);
  }

  /**
   * @returns pixels of all that can be decoded, and their places in the list
   * @throws LimbeckError DISK_FULL, FILE_UNWRITABLE where they do not fit on disk; the signal's reason
   */
  async read(paths: readonly string[]): Promise<{ pixels: Samples; kept: number[] }> {
    const { cache } = this.#places;
    const file = cache === undefined ? undefined : await decodedPath(cache, paths, this.#options, this.#signal);
    const { samples, problems } = (await this.#known(file, paths)) ?? (await this.#decode(file, paths));
    const reasons = new Map(problems);
    for (const [i, problem] of problems) this.corrupt.push({ path: paths[i]!, problem });
    return { pixels: samples, kept: paths.flatMap((_, i) => (reasons.has(i) ? [] : [i])) };
  }

  /** What was decoded before, unless an image that could not be decoded then can be now. */
  async #known(file: string | undefined, paths: readonly string[]): Promise<Decoded | undefined> {
    const known = file === undefined ? undefined : openDecoded(file, sampleLength(this.geometry), this.#memory);
    for (const [i] of known?.problems ?? []) {
      const image = await decodeImage(paths[i]!, this.#options).catch(() => undefined);
      if (image) return undefined;
    }
    if (!known) return undefined;
    this.#done += paths.length;
    this.#listener.decoded?.(this.#done, this.#total);
    return known;
  }

  get #memory(): number {
    return this.#isLarge ? 0 : Number.POSITIVE_INFINITY;
  }

  async #decode(file: string | undefined, paths: readonly string[]): Promise<Decoded> {
    if (this.#isLarge) return this.#decodeToDisk(file!, paths);
    const length = sampleLength(this.geometry);
    const pixels = sharedBytes(paths.length * length);
    const { kept, problems } = await this.#decodeAll(paths, (i, image) => pixels.set(image, i * length));
    for (const [to, from] of kept.entries())
      if (to < from) pixels.copyWithin(to * length, from * length, (from + 1) * length);
    const samples = pixels.subarray(0, kept.length * length);
    if (file !== undefined && kept.length > 0) keepIfPossible(file, samples, length, problems);
    return { samples, problems };
  }

  async #decodeToDisk(file: string, paths: readonly string[]): Promise<Decoded> {
    const length = sampleLength(this.geometry);
    const writer = new DecodedWriter(file, paths.length, length);
    try {
      const { kept, problems } = await this.#decodeAll(paths, (i, image) => writer.put(i, image));
      if (kept.length === 0) {
        writer.abandon();
        return { samples: new Uint8Array(), problems };
      }
      writer.finish(kept, problems);
    } catch (error) {
      writer.abandon();
      throw error;
    }
    return openDecoded(file, length, 0)!;
  }

  async #decodeAll(paths: readonly string[], put: (i: number, image: Uint8Array) => void) {
    const problems = new Map<number, string>();
    let next = 0;
    const worker = async () => {
      for (let i = next++; i < paths.length; i = next++) {
        this.#signal.throwIfAborted();
        const image = await decodeImage(paths[i]!, this.#options).catch((error: Error) => {
          problems.set(i, error.message.split("\n")[0]!);
        });
        if (image) put(i, image);
        this.#listener.decoded?.(++this.#done, this.#total);
      }
    };
    const stopping = () =>
      worker().catch((error: unknown) => {
        next = paths.length;
        throw error;
      });
    const all = await Promise.allSettled(Array.from({ length: Math.min(AT_ONCE, availableParallelism()) }, stopping));
    for (const one of all) if (one.status === "rejected") throw one.reason;
    const kept = paths.flatMap((_, i) => (problems.has(i) ? [] : [i]));
    return { kept, problems: [...problems].sort(([a], [b]) => a - b) };
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
    const message = `Of ${this.#total} images, ${corrupt.length} cannot be decoded:${list.join("")}${more}`;
    throw new LimbeckError("DATA_CORRUPT", message, {
      where: corrupt[0]!.path,
      value: corrupt,
      fix: "Replace or delete them, or set data.source.corrupt to skip.",
    });
  }
}

/** Images that fit into memory are decoded again where they cannot be kept. */
function keepIfPossible(file: string, samples: Uint8Array, length: number, problems: Decoded["problems"]): void {
  try {
    const count = samples.length / length;
    const writer = new DecodedWriter(file, count, length);
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

function tooMuch({ images, shape, bytes }: ImagesPlan, memory: number): LimbeckError {
  const gigabytes = (count: number) => `${(count / 1e9).toFixed(1)} GB`;
  const message = `${images} images of ${shape.join(" × ")} take ${gigabytes(bytes)} of memory; ${gigabytes(memory)} are allowed`;
  const fix = "Make data.source.size smaller, or name a folder with fewer images.";
  return new LimbeckError("RECIPE_INVALID", message, { where: "data.source.size", value: bytes, fix });
}
