import { DIMENSIONS } from "./facts.js";
import { ask, type Ort, open } from "./open.js";
import { type Image, ImageModel, type Options } from "./pixels.js";

/**
 * Opens the model.
 * @param ort `onnxruntime-node` or `onnxruntime-web`
 * @param model path or URL of `onnx/model.onnx` or one of its variants, or the file's bytes
 */
export async function load(ort: Ort, model: string | Uint8Array, options: Options = {}): Promise<Embedder> {
  return new Embedder(ort, await open(ort, model, options.session ?? {}), options.decode);
}

/** The model, ready to answer. */
export class Embedder extends ImageModel {
  /** The embedding of an image, [DIMENSIONS]. */
  async embed(image: Image): Promise<Float32Array> {
    return (await this.embedAll([image]))[0]!;
  }

  /** The same for several images in one pass. */
  async embedAll(images: readonly Image[]): Promise<Float32Array[]> {
    if (images.length === 0) return [];
    const all = await ask(this.ort, this.session, await this.inputOf(images), "embedding");
    return images.map((_, i) => all.slice(i * DIMENSIONS, (i + 1) * DIMENSIONS));
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
