import {
  cutOnnx,
  type DeclaredValue,
  inspectModel,
  type ModelInspection,
  probeWith,
  type RuntimeTensor,
  TypedError,
} from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { type ImageGeometry, sampleLength } from "../../data/dataset.js";
import { LimbeckError } from "../../support/errors.js";
import { checkExternalFiles, modelSha256, readModelFile } from "../../support/model-file.js";
import type { ImageOptions } from "../../teachers/onnx/options.js";
import { completed } from "../../teachers/onnx/preprocessor.js";
import { areAlike } from "../../teachers/onnx/trial.js";
import { type AnswerReader, answerReader, numbersOf, toLogits } from "./answers.js";
import { embeddingOf, requireNoClasses } from "./embedding.js";
import { type Feeder, feederOf } from "./feed.js";
import { type FileModelOptions, type SampleInput, type Samples, sampleInput } from "./interface.js";

type Session = Awaited<ReturnType<typeof nodeBackend.createSession>>;

/** Where a model is, what it is called, and how it is asked. */
export interface FileModelSource {
  readonly name: string;
  readonly path: string;
  readonly options: FileModelOptions;
}

/** A model's bytes: its file, and those that it keeps its numbers in, by location. */
interface Contents {
  readonly file: Uint8Array;
  readonly weights: ReadonlyMap<string, Uint8Array>;
  /** The file up to a value in between, where one is asked for. */
  readonly cut?: Uint8Array;
}

/** What a model is asked for: logits of so many classes, of any (undefined), or an embedding. */
export type Wanted = number | undefined | "embedding";

/** An ONNX model that ONNX Runtime runs as it is, whatever it is made of. */
export class FileModel {
  readonly name: string;
  readonly path: string;
  readonly contents: Contents;
  /** What the graph import found in it; or why it could not read it. */
  readonly facts: ModelInspection | string;
  readonly input: SampleInput;
  readonly #session: Session;
  readonly #feeder: Feeder;
  /** Whether any number of samples may come at once. */
  takesBatches = false;
  /** Whether its answers are those to each sample alone. */
  #asksSingly = false;
  /** Nothing of models that embed. */
  #reader: AnswerReader | undefined;
  readonly #embeds: boolean;
  /** Numbers that it answers with. */
  width = 0;

  private constructor(
    known: Pick<FileModel, "name" | "path" | "contents" | "facts" | "input">,
    session: Session,
    feeder: Feeder,
    embeds: boolean,
  ) {
    this.#embeds = embeds;
    this.name = known.name;
    this.path = known.path;
    this.contents = known.contents;
    this.facts = known.facts;
    this.input = known.input;
    this.#session = session;
    this.#feeder = feeder;
  }

  /**
   * Opens a file and asks it about some samples, to learn how it answers.
   * @param wanted how many classes the data have; undefined where it does not matter which the model tells apart; or an embedding
   * @param tried [count, C, H, W], images 0 … 1
   * @throws LimbeckError FILE_MISSING, FILE_UNREADABLE, MODEL_FAILED, MODEL_MISMATCH
   */
  static async open(
    { name, path, options: given }: FileModelSource,
    samples: Samples,
    wanted: Wanted,
    tried: Float32Array,
    threads: number,
  ): Promise<FileModel> {
    const options = samples.columns
      ? given
      : { ...given, ...completed({ ...given, onnx: path } as ImageOptions, samples) };
    const embeds = wanted === "embedding";
    if (embeds) requireNoClasses(options, name);
    const { contents, facts } = await readContents(path, embeds ? options.output : undefined);
    const session = await openSession(contents, threads, name, path);
    let feeder: Feeder | undefined;
    try {
      const declared = {
        inputs: session.inputMetadata.map(declaredOf),
        outputs: session.outputMetadata.map(declaredOf),
      };
      const input = sampleInput(declared, options, samples, name);
      feeder = await feederOf(input, options, samples, name);
      const model = new FileModel({ name, path, contents, facts, input }, session, feeder, embeds);
      await model.#learn(tried, samples, wanted, options);
      return model;
    } catch (error) {
      await feeder?.release();
      await session.release();
      throw error;
    }
  }

  get sha256(): string {
    const { file: bytes, weights } = this.contents;
    return modelSha256({ bytes, externalData: (location) => weights.get(location)! }, weights.keys());
  }

  /** Whether its output was taken for logits or for probabilities. */
  get answers(): AnswerReader["kind"] {
    return this.#reader!.kind;
  }

  /** How many samples it takes at once, of those that are offered. */
  batchOf(offered: number): number {
    return this.input.batch ?? (this.takesBatches ? offered : 1);
  }

  /** Another session of the file. @throws LimbeckError MODEL_FAILED */
  session(threads: number): Promise<Session> {
    return openSession(this.contents, threads, this.name, this.path);
  }

  /** Runs a session of the file. @throws LimbeckError MODEL_FAILED */
  async run(
    session: Session,
    feed: Record<string, RuntimeTensor>,
    count: number,
  ): Promise<Readonly<Record<string, RuntimeTensor>>> {
    try {
      return await session.run(feed, [this.input.output]);
    } catch (error) {
      throw failure(`${this.name} cannot be run on ${count} samples`, this.path, error);
    }
  }

  /** What the model is fed for some samples. @param samples [count, C, H, W] */
  async feed(samples: Float32Array, count: number): Promise<Record<string, RuntimeTensor>> {
    return { [this.input.name]: await this.#feeder.tensor(samples, count) };
  }

  /**
   * Logits [count, classes] of samples [count, C, H, W].
   * @throws LimbeckError MODEL_FAILED
   */
  async logits(samples: Float32Array, count: number): Promise<Float32Array> {
    return toLogits(await this.#numbers(samples, count), this.#reader!);
  }

  /**
   * Embeddings [count, width] of samples [count, C, H, W].
   * @throws LimbeckError MODEL_FAILED
   */
  vectors(samples: Float32Array, count: number): Promise<Float32Array> {
    return this.#numbers(samples, count);
  }

  async release(): Promise<void> {
    await this.#feeder.release();
    await this.#session.release();
  }

  async #learn(tried: Float32Array, samples: ImageGeometry, wanted: Wanted, options: FileModelOptions) {
    const count = tried.length / sampleLength(samples);
    const numbers = await this.#tryTogether(tried, count);
    this.width = numbers.length / count;
    if (wanted !== "embedding") this.#reader = answerReader(numbers, count, options, wanted, this.name);
  }

  /**
   * Shapes that are built into a file show when several samples come at once; so does arithmetic that lets a sample's
   * neighbors in, as dynamic quantization does.
   */
  async #tryTogether(tried: Float32Array, count: number): Promise<Float32Array> {
    if (this.input.batch !== null || count === 1) return this.#numbers(tried, count);
    let [together, failed]: [Float32Array?, unknown?] = [];
    try {
      together = await this.#numbers(tried, count);
    } catch (error) {
      failed = error;
    }
    this.#asksSingly = true;
    const alone = await this.#numbers(tried, count).catch((error: unknown) => {
      throw failed ?? error;
    });
    if (!together) return alone;
    this.takesBatches = true;
    this.#asksSingly = !areAlike(together, alone);
    return alone;
  }

  async #numbers(samples: Float32Array, count: number): Promise<Float32Array> {
    const batch = this.input.batch ?? (this.#asksSingly ? 1 : count);
    if (batch === count) return this.#run(samples, count);
    const length = samples.length / count;
    const parts: Float32Array[] = [];
    for (let first = 0; first < count; first += batch) {
      const kept = Math.min(batch, count - first);
      const part = new Float32Array(batch * length);
      part.set(samples.subarray(first * length, (first + kept) * length));
      const numbers = await this.#run(part, batch);
      parts.push(numbers.slice(0, (numbers.length / batch) * kept));
    }
    const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  async #run(samples: Float32Array, count: number): Promise<Float32Array> {
    const feed = await this.feed(samples, count);
    const answer = await this.run(this.#session, feed, count);
    const read = this.#embeds ? embeddingOf : numbersOf;
    return read(answer[this.input.output]!, count, this.name);
  }
}

/**
 * The graph import may not know all that ONNX Runtime runs; then there are no figures of cost.
 * @param value that is asked for, which may be one in between
 */
async function readContents(
  path: string,
  value: string | undefined,
): Promise<{ contents: Contents; facts: ModelInspection | string }> {
  const { bytes: file, externalData } = readModelFile(path);
  try {
    const shapesOf = probeWith(nodeBackend);
    const facts = await inspectModel(file, { externalData, shapesOf });
    checkExternalFiles(path, facts.model.externalData);
    const locations = facts.model.externalData.map(({ location }) => location);
    const weights = new Map(locations.map((name) => [name, externalData(name)]));
    if (value === undefined || facts.outputs.some(({ name }) => name === value))
      return { contents: { file, weights }, facts };
    const cut = cutOnnx(file, value);
    return { contents: { file, weights, cut }, facts: await inspectModel(cut, { externalData, shapesOf }) };
  } catch (error) {
    if (error instanceof LimbeckError || !(error instanceof TypedError)) throw error;
    return { contents: { file, weights: new Map() }, facts: error.message };
  }
}

async function openSession(
  { file, cut = file, weights }: Contents,
  threads: number,
  name: string,
  path: string,
): Promise<Session> {
  try {
    return await nodeBackend.createSession(cut, { weights, threads });
  } catch (error) {
    throw failure(`${name} cannot be loaded`, path, error);
  }
}

function failure(what: string, path: string, error: unknown): LimbeckError {
  const reason = error instanceof Error ? error.message.split("\n")[0]! : String(error);
  return new LimbeckError("MODEL_FAILED", `${what}: ${reason}`, {
    where: path,
    fix: "Export the model anew with what this version of ONNX Runtime knows, or leave it out.",
    cause: error,
  });
}

type Metadata = Session["inputMetadata"][number];

function declaredOf(value: Metadata): DeclaredValue {
  if (!value.isTensor) return { name: value.name, dtype: null, shape: null };
  const shape = value.shape.map((size) => (typeof size === "number" ? size : size || "?"));
  return { name: value.name, dtype: value.type, shape };
}
