import { textBytes } from "../../data/texts/encode.js";
import { TEXT } from "./facts.js";
import { type ModelInput, type Ort, open } from "./open.js";
import { type Options, SamplePredictor } from "./predictor.js";

/**
 * Opens the model.
 * @param ort `onnxruntime-node` or `onnxruntime-web`
 * @param model path or URL of `onnx/model.onnx` or one of its variants, or the file's bytes
 */
export async function load(ort: Ort, model: string | Uint8Array, options: Options = {}): Promise<Predictor> {
  return new Predictor(ort, await open(ort, model, options.session ?? {}));
}

/** A model of texts, ready to answer. */
export class Predictor extends SamplePredictor<string> {
  protected async inputOf(texts: readonly string[]): Promise<ModelInput> {
    const tokens = BigInt64Array.from(texts.flatMap((text) => Array.from(preprocess(text), BigInt)));
    return ["input_ids", tokens, [texts.length, TEXT.bytes]];
  }
}

/** Bytes of a text as the model takes them, [bytes]. @throws TypeError for what is no text */
export function preprocess(text: string): Float32Array {
  if (typeof text !== "string") throw new TypeError(`the model takes a text, and this is ${typeof text}`);
  return textBytes(text, TEXT);
}
