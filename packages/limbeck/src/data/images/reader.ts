import { availableParallelism } from "node:os";
import { LimbeckError } from "../../support/errors.js";
import { type ImageGeometry, sampleLength } from "../dataset.js";
import { decodeImage } from "./decode.js";
import type { ImageOptions } from "./options.js";

/** Decoded images take at most so many bytes. */
const IMAGES_LIMIT = 2_000_000_000;

/** At most so many images are decoded at once: each may have 100 million pixels, though most formats are read row by row. */
const AT_ONCE = 4;

/** How many corrupt images are named in an error. */
const NAMED = 5;

/** An image file by its path, or by its bytes and what messages call it. */
export type EncodedImage = string | { readonly name: string; readonly bytes: Uint8Array };

/** How many images there are, and files beside them. */
interface Counted {
  readonly paths: { readonly length: number };
  readonly ignored: number;
}

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
  /** Memory that all of them take. */
  readonly bytes: number;
  /** Files beside them that are no images. */
  readonly ignored: number;
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
  readonly #total: number;
  #done = 0;

  /** @throws LimbeckError RECIPE_INVALID where all would take more than {@link IMAGES_LIMIT} */
  constructor(parts: readonly Counted[], options: ImageOptions, signal: AbortSignal, listener: ImagesListener) {
    this.#options = options;
    this.#signal = signal;
    this.#listener = listener;
    const { size, channels, corrupt } = options;
    const [height, width] = size;
    this.geometry = { channels, height, width };
    this.mayLeaveOut = corrupt === "skip";
    this.#total = parts.reduce((sum, { paths }) => sum + paths.length, 0);
    const bytes = this.#total * sampleLength(this.geometry);
    const plan: ImagesPlan = {
      images: this.#total,
      shape: [channels, height, width],
      bytes,
      ignored: parts.reduce((sum, { ignored }) => sum + ignored, 0),
    };
    if (bytes > IMAGES_LIMIT) throw tooMuch(plan);
    listener.plan?.(plan);
  }

  /** @returns pixels of all that can be decoded, and their places in the list */
  async read(images: readonly EncodedImage[]): Promise<{ pixels: Uint8Array; kept: number[] }> {
    const length = sampleLength(this.geometry);
    const pixels = new Uint8Array(images.length * length);
    const problems = new Map<number, string>();
    let next = 0;
    const worker = async () => {
      for (let i = next++; i < images.length; i = next++) {
        this.#signal.throwIfAborted();
        try {
          pixels.set(await decodeImage(encodedBytes(images[i]!), this.#options), i * length);
        } catch (error) {
          problems.set(i, (error as Error).message.split("\n")[0]!);
        }
        this.#listener.decoded?.(++this.#done, this.#total);
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, availableParallelism()) }, worker));
    const kept = images.flatMap((_, i) => (problems.has(i) ? [] : [i]));
    for (const [i, image] of images.entries()) {
      if (problems.has(i)) this.corrupt.push({ path: nameOf(image), problem: problems.get(i)! });
    }
    for (const [to, from] of kept.entries())
      if (to < from) pixels.copyWithin(to * length, from * length, (from + 1) * length);
    return { pixels: pixels.subarray(0, kept.length * length), kept };
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

const encodedBytes = (image: EncodedImage) => (typeof image === "string" ? image : image.bytes);

const nameOf = (image: EncodedImage) => (typeof image === "string" ? image : image.name);

function tooMuch({ images, shape, bytes }: ImagesPlan): LimbeckError {
  const gigabytes = (count: number) => `${(count / 1e9).toFixed(1)} GB`;
  const message = `${images} images of ${shape.join(" × ")} take ${gigabytes(bytes)} of memory; ${gigabytes(IMAGES_LIMIT)} are allowed`;
  const fix = "Make data.source.size smaller, or name a folder with fewer images.";
  return new LimbeckError("RECIPE_INVALID", message, { where: "data.source.size", value: bytes, fix });
}
