import type { RuntimeTensor } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { batchesOf } from "../data/batches.js";
import { answerWidth, type ImageGeometry, type Split, sampleLength } from "../data/dataset.js";
import { INPUT, outputName, toOnnxForward } from "../models/inference.js";
import { type Model, type ModelValues, tensorsOf } from "../models/model.js";

type Session = Awaited<ReturnType<typeof nodeBackend.createSession>>;

const BATCH = 256;

/** An ONNX image classifier, ready to answer. */
export class Classifier {
  readonly #session: Session;
  readonly #geometry: ImageGeometry;
  /** Whether the file takes single images only. */
  readonly #isSingle: boolean;
  #values: Record<string, RuntimeTensor> = {};

  private constructor(session: Session, geometry: ImageGeometry) {
    this.#session = session;
    this.#geometry = geometry;
    const metadata = session.inputMetadata.find(({ name }) => name === INPUT);
    this.#isSingle = metadata?.isTensor === true && metadata.shape[0] === 1;
  }

  static async load(file: Uint8Array, geometry: ImageGeometry, threads: number): Promise<Classifier> {
    return new Classifier(await nodeBackend.createSession(file, { threads }), geometry);
  }

  /** A classifier whose parameters and buffers are set from outside before it answers. */
  static async ofModel(model: Model, geometry: ImageGeometry, threads: number): Promise<Classifier> {
    return Classifier.load(toOnnxForward(model, geometry), geometry, threads);
  }

  setValues(model: Model, values: ModelValues): void {
    this.#values = Object.fromEntries(
      tensorsOf(model).map(({ name, shape }) => [name, nodeBackend.tensor("float32", values[name]!, shape)]),
    );
  }

  /** Logits [count, classes] of images [count, C, H, W], values 0 … 1. */
  async logits(images: Float32Array, count: number): Promise<Float32Array> {
    if (!this.#isSingle || count === 1) return this.#run(images, count);
    const length = sampleLength(this.#geometry);
    const rows: Float32Array[] = [];
    for (let i = 0; i < count; i++) rows.push(await this.#run(images.slice(i * length, (i + 1) * length), 1));
    return Float32Array.from(rows.flatMap((row) => [...row]));
  }

  async #run(images: Float32Array, count: number): Promise<Float32Array> {
    const { channels, height, width } = this.#geometry;
    const output = outputName(this.#geometry);
    const input = nodeBackend.tensor("float32", images, [count, channels, height, width]);
    const result = await this.#session.run({ ...this.#values, [INPUT]: input }, [output]);
    return result[output]!.data as Float32Array;
  }

  /** Logits of a whole split in its order, batch by batch: [count, classes] of the samples from `first` on. */
  async *batches(split: Split): AsyncGenerator<{ first: number; count: number; logits: Float32Array }> {
    for (const { first, count, images } of batchesOf(split, BATCH)) {
      yield { first, count, logits: await this.logits(images, count) };
    }
  }

  /**
   * Logits [samples, classes] of a whole split, in its order.
   * @param classes how many numbers an answer has
   */
  async classify(split: Split, classes = answerWidth(split.dataset)): Promise<Float32Array> {
    const all = new Float32Array(split.indices.length * classes);
    for await (const { first, count, logits } of this.batches(split)) {
      if (logits.length !== count * classes) throw new RangeError(`the model does not answer with ${classes} numbers`);
      all.set(logits, first * classes);
    }
    return all;
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}
