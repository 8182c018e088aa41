import { type Ort, open } from "./open.js";
import { type Image, ImageModel, type Options } from "./pixels.js";
import { type Prediction, run } from "./session.js";

/**
 * Opens the model.
 * @param ort `onnxruntime-node` or `onnxruntime-web`
 * @param model path or URL of `onnx/model.onnx` or one of its variants, or the file's bytes
 */
export async function load(ort: Ort, model: string | Uint8Array, options: Options = {}): Promise<Predictor> {
  return new Predictor(ort, await open(ort, model, options.session ?? {}), options.decode);
}

/** The model, ready to answer. */
export class Predictor extends ImageModel {
  /** All classes with their probabilities, the most likely first. */
  async predict(image: Image): Promise<Prediction[]> {
    return (await this.predictAll([image]))[0]!;
  }

  /** The same for several images in one pass. */
  async predictAll(images: readonly Image[]): Promise<Prediction[][]> {
    if (images.length === 0) return [];
    return run(this.ort, this.session, await this.inputOf(images));
  }
}
