import { HEIGHT, WIDTH } from "./facts.js";
import { type Ort, open, type Session } from "./open.js";
import {
  decodeInBrowser,
  type Encoded,
  type Image,
  type Options,
  type Pixels,
  pixelsOf,
  preprocess,
} from "./pixels.js";
import { type Prediction, run } from "./session.js";

/**
 * Opens the model.
 * @param ort `onnxruntime-node` or `onnxruntime-web`
 * @param model path or URL of `onnx/model.onnx` or one of its variants, or the file's bytes
 */
export async function load(ort: Ort, model: string | Uint8Array, options: Options = {}): Promise<Predictor> {
  return new Predictor(ort, await open(ort, model, options.session ?? {}), options.decode ?? decodeInBrowser);
}

/** The model, ready to answer. */
export class Predictor {
  readonly #ort: Ort;
  readonly #session: Session;
  readonly #decode: (file: Encoded) => Promise<Pixels>;

  constructor(ort: Ort, session: Session, decode: (file: Encoded) => Promise<Pixels>) {
    this.#ort = ort;
    this.#session = session;
    this.#decode = decode;
  }

  /** All classes with their probabilities, the most likely first. */
  async predict(image: Image): Promise<Prediction[]> {
    return (await this.predictAll([image]))[0]!;
  }

  /** The same for several images in one pass. */
  async predictAll(images: readonly Image[]): Promise<Prediction[][]> {
    if (images.length === 0) return [];
    const values = new Float32Array(images.length * 3 * HEIGHT * WIDTH);
    for (const [i, image] of images.entries()) values.set(await this.prepare(image), i * 3 * HEIGHT * WIDTH);
    return run(this.#ort, this.#session, "pixel_values", values, [images.length, 3, HEIGHT, WIDTH]);
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
