import type { ModelInput, Ort, Session, SessionOptions } from "./open.js";
import { type Prediction, run } from "./session.js";

export interface Options {
  /** Passed on to ONNX Runtime. */
  readonly session?: SessionOptions;
}

/** A model, ready to answer. */
export abstract class SamplePredictor<Sample> {
  readonly #ort: Ort;
  readonly #session: Session;

  constructor(ort: Ort, session: Session) {
    this.#ort = ort;
    this.#session = session;
  }

  /** The model's input for several samples. */
  protected abstract inputOf(samples: readonly Sample[]): Promise<ModelInput>;

  /** All classes with their probabilities, the most likely first. */
  async predict(sample: Sample): Promise<Prediction[]> {
    return (await this.predictAll([sample]))[0]!;
  }

  /** The same for several samples in one pass. */
  async predictAll(samples: readonly Sample[]): Promise<Prediction[][]> {
    if (samples.length === 0) return [];
    return run(this.#ort, this.#session, await this.inputOf(samples));
  }

  /** Frees the model's memory. */
  async release(): Promise<void> {
    await this.#session.release();
  }
}
