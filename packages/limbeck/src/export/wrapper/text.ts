import { textBytes } from "../../data/texts/encode.js";
import { TEXT } from "./facts.js";
import { type Ort, open, type Session, type SessionOptions } from "./open.js";
import { type Prediction, run } from "./session.js";

export interface Options {
  /** Passed on to ONNX Runtime. */
  readonly session?: SessionOptions;
}

/**
 * Opens the model.
 * @param ort `onnxruntime-node` or `onnxruntime-web`
 * @param model path or URL of `onnx/model.onnx` or one of its variants, or the file's bytes
 */
export async function load(ort: Ort, model: string | Uint8Array, options: Options = {}): Promise<Predictor> {
  return new Predictor(ort, await open(ort, model, options.session ?? {}));
}

/** The model, ready to answer. */
export class Predictor {
  readonly #ort: Ort;
  readonly #session: Session;

  constructor(ort: Ort, session: Session) {
    this.#ort = ort;
    this.#session = session;
  }

  /** All classes with their probabilities, the most likely first. */
  async predict(text: string): Promise<Prediction[]> {
    return (await this.predictAll([text]))[0]!;
  }

  /** The same for several texts in one pass. */
  async predictAll(texts: readonly string[]): Promise<Prediction[][]> {
    if (texts.length === 0) return [];
    const values = new Float32Array(texts.length * TEXT.bytes);
    for (const [i, text] of texts.entries()) values.set(preprocess(text), i * TEXT.bytes);
    return run(this.#ort, this.#session, "bytes", values, [texts.length, 1, 1, TEXT.bytes]);
  }

  /** Frees the model's memory. */
  async release(): Promise<void> {
    await this.#session.release();
  }
}

/** Bytes of a text as the model takes them, [bytes]. @throws TypeError for what is no text */
export function preprocess(text: string): Float32Array {
  if (typeof text !== "string") throw new TypeError(`the model takes a text, and this is ${typeof text}`);
  return textBytes(text, TEXT);
}
