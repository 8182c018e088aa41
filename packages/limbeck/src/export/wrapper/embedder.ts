import { DIMENSIONS, HEIGHT, WIDTH } from "./facts.js";
import { ask, type Ort, open, type Session } from "./open.js";
import {
  decodeInBrowser,
  type Encoded,
  type Image,
  type Options,
  type Pixels,
  pixelsOf,
  preprocess,
} from "./pixels.js";

/**
 * Opens the model.
 * @param ort `onnxruntime-node` or `onnxruntime-web`
 * @param model path or URL of `onnx/model.onnx` or one of its variants, or the file's bytes
 */
export async function load(ort: Ort, model: string | Uint8Array, options: Options = {}): Promise<Embedder> {
  return new Embedder(ort, await open(ort, model, options.session ?? {}), options.decode ?? decodeInBrowser);
}

/** The model, ready to answer. */
export class Embedder {
  readonly #ort: Ort;
  readonly #session: Session;
  readonly #decode: (file: Encoded) => Promise<Pixels>;

  constructor(ort: Ort, session: Session, decode: (file: Encoded) => Promise<Pixels>) {
    this.#ort = ort;
    this.#session = session;
    this.#decode = decode;
  }

  /** The embedding of an image, [DIMENSIONS]. */
  async embed(image: Image): Promise<Float32Array> {
    return (await this.embedAll([image]))[0]!;
  }

  /** The same for several images in one pass. */
  async embedAll(images: readonly Image[]): Promise<Float32Array[]> {
    if (images.length === 0) return [];
    const values = new Float32Array(images.length * 3 * HEIGHT * WIDTH);
    for (const [i, image] of images.entries()) values.set(await this.prepare(image), i * 3 * HEIGHT * WIDTH);
    const input = ["pixel_values", values, [images.length, 3, HEIGHT, WIDTH]] as const;
    const all = await ask(this.#ort, this.#session, input, "embedding");
    return images.map((_, i) => all.slice(i * DIMENSIONS, (i + 1) * DIMENSIONS));
  }

  /** What the model sees of an image: [3, HEIGHT, WIDTH], red, green and blue, 0 … 1. */
  async prepare(image: Image): Promise<Float32Array> {
    return preprocess(await pixelsOf(image, this.#decode));
  }

  /** Frees the model's memory. */
  async release(): Promise<void> {
    await this.#session.release();
  }
}

/** Cosine of two embeddings: 1 is the same direction. */
export function similarity(a: Float32Array, b: Float32Array): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += a[i]! * b[i]!;
    aa += a[i]! ** 2;
    bb += b[i]! ** 2;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}
