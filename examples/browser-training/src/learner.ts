import { type Schedule, schedule, type TrainingProgram, TrainingSession } from "@limbeck/graph";
import { batches, type Digits, PIXELS, rowsOf } from "./data.js";
import { type Architecture, CLASSES, classifier, initialState, parameterShapes } from "./models.js";
import { backend } from "./runtime.js";

type Session = Awaited<ReturnType<typeof backend.createSession>>;

export interface LearnerOptions {
  readonly architecture: Architecture;
  readonly program: TrainingProgram;
  readonly digits: Digits;
  readonly batch: number;
  readonly steps: number;
  readonly learningRate: number;
  /** Equal seeds give equal first weights and the same order of samples. */
  readonly seed: number;
  /** The teacher's logits of all digits, [size, 10]. */
  readonly teacher?: Float32Array;
}

/** A network that learns, step by step, and classifies at any time. */
export class Learner {
  readonly options: LearnerOptions;
  readonly #training: TrainingSession;
  readonly #inference: Session;
  readonly #rows: Generator<Uint32Array, never>;
  readonly #learningRate: Schedule;

  private constructor(options: LearnerOptions, training: TrainingSession, inference: Session) {
    this.options = options;
    this.#training = training;
    this.#inference = inference;
    this.#rows = batches(options.digits.size, options.batch, `order ${options.seed}`);
    this.#learningRate = schedule({ learningRate: options.learningRate, totalSteps: options.steps });
  }

  static async create(options: LearnerOptions): Promise<Learner> {
    const { architecture, program, seed } = options;
    const state = initialState(architecture, seed);
    const training = await TrainingSession.create(program, backend, { seed, state });
    return new Learner(options, training, await backend.createSession(classifier(architecture)));
  }

  get step(): number {
    return this.#training.step;
  }

  get isDone(): boolean {
    return this.step >= this.options.steps;
  }

  /** One step on the next batch; returns its loss. */
  async learn(): Promise<number> {
    const { digits, teacher } = this.options;
    const rows = this.#rows.next().value;
    const feeds = {
      images: rowsOf(digits.images, rows, PIXELS),
      labels: rowsOf(digits.labels, rows, 1),
      ...(teacher ? { teacher: rowsOf(teacher, rows, CLASSES) } : {}),
    };
    const { loss } = await this.#training.run(feeds, this.#learningRate(this.step));
    return loss!;
  }

  /** Logits [images, 10]. */
  async classify(images: Float32Array): Promise<Float32Array> {
    const weights = this.#weights();
    const parameters = Object.entries(parameterShapes(this.options.architecture)).map(([name, shape]) => {
      return [name, backend.tensor("float32", weights[name]!, shape)];
    });
    const input = backend.tensor("float32", images, [images.length / PIXELS, PIXELS]);
    const { logits } = await this.#inference.run({ images: input, ...Object.fromEntries(parameters) });
    return logits!.data as Float32Array;
  }

  /** Share of digits read correctly. */
  async accuracy({ images, labels, size }: Digits): Promise<number> {
    const logits = await this.classify(images);
    const correct = labels.reduce((sum, label, i) => {
      const row = logits.subarray(i * CLASSES, (i + 1) * CLASSES);
      return sum + (row.indexOf(Math.max(...row)) === Number(label) ? 1 : 0);
    }, 0);
    return correct / size;
  }

  /** An ONNX file that holds the current weights. */
  export(): Uint8Array {
    return classifier(this.options.architecture, this.#weights());
  }

  #weights(): Readonly<Record<string, Float32Array>> {
    const state = this.#training.state();
    const names = Object.keys(parameterShapes(this.options.architecture));
    return Object.fromEntries(names.map((name) => [name, state[name] as Float32Array]));
  }
}
