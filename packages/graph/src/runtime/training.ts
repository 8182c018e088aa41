import type { InferenceSession } from "onnxruntime-common";
import { type TypedArray, toTypedArray, zeros } from "../dtype.js";
import { GraphError } from "../errors.js";
import { randomStream } from "../random.js";
import { formatShape, sizeOf } from "../shape.js";
import type { Tensor } from "../tensor.js";
import type { Backend, RuntimeTensor, SessionOptions } from "./backend.js";
import { fillDropoutMask } from "./dropout-mask.js";
import { nextName, scalarName, type TrainingProgram } from "./program.js";

/** Parameters, buffers and optimizer slots by name, on the host. */
export type TrainingState = Readonly<Record<string, TypedArray>>;

export interface TrainingSessionOptions extends SessionOptions {
  /** Seed of dropout masks. */
  readonly seed: number;
  /** Steps that `state` has behind it. Default 0. */
  readonly step?: number;
  /** Values of all parameters and buffers, and of the optimizer's slots where training goes on, else zeros. */
  readonly state: TrainingState;
}

/** What a step reports: the loss and its terms, before the update. */
export type StepReport = Readonly<Record<string, number>>;

/**
 * Runs a training program step by step. Each step's outputs become the next step's inputs as they are: ONNX Runtime hands
 * fresh outputs out without a copy, which pre-allocated ones would cost.
 */
export class TrainingSession {
  readonly program: TrainingProgram;
  readonly #backend: Backend;
  readonly #session: InferenceSession;
  readonly #seed: number;
  readonly #fetches: readonly string[];
  readonly #masks: readonly Float32Array[];
  #state: Record<string, RuntimeTensor>;
  #step: number;

  private constructor(
    program: TrainingProgram,
    backend: Backend,
    session: InferenceSession,
    options: TrainingSessionOptions,
  ) {
    this.program = program;
    this.#backend = backend;
    this.#session = session;
    this.#seed = options.seed;
    this.#step = options.step ?? 0;
    this.#state = initialState(program, backend, options.state);
    this.#fetches = [...program.reports, ...program.state.map(({ name }) => nextName(name))];
    this.#masks = program.randoms.map((random) => new Float32Array(sizeOf(random.shape)));
  }

  /** @throws GraphError STATE_MISMATCH when a parameter or buffer has no value, or one of the wrong size */
  static async create(
    program: TrainingProgram,
    backend: Backend,
    options: TrainingSessionOptions,
  ): Promise<TrainingSession> {
    const session = await backend.createSession(program.model, options);
    return new TrainingSession(program, backend, session, options);
  }

  /** Steps behind the current state. */
  get step(): number {
    return this.#step;
  }

  /**
   * One forward, backward and update. A step that fails leaves the state as it was.
   * @param feeds values of the program's inputs by name
   * @throws GraphError FEED_MISMATCH
   */
  async run(feeds: Readonly<Record<string, TypedArray>>, learningRate: number): Promise<StepReport> {
    const { program } = this;
    const values: Record<string, RuntimeTensor> = { ...this.#state };
    for (const tensor of program.feeds) values[tensor.name] = this.#tensor(tensor, feeds[tensor.name]);
    program.randoms.forEach((random, i) => {
      values[random.name] = this.#draw(random, this.#masks[i]!);
    });
    const { dtype } = program.parameters[0]!;
    for (const [name, value] of Object.entries(program.optimizer.scalars(this.#step + 1, learningRate))) {
      values[scalarName(name)] = this.#backend.tensor(dtype, toTypedArray(dtype, [value]) as Float32Array, []);
    }
    const results = await this.#session.run(values, this.#fetches);
    this.#state = Object.fromEntries(program.state.map(({ name }) => [name, results[nextName(name)]!]));
    this.#step += 1;
    return Object.fromEntries(program.reports.map((name) => [name, Number(results[name]!.data[0])]));
  }

  /** The current parameters, buffers and slots. The arrays are ONNX Runtime's own: copy what must survive the next step. */
  state(): TrainingState {
    return Object.fromEntries(Object.entries(this.#state).map(([name, value]) => [name, value.data as TypedArray]));
  }

  async release(): Promise<void> {
    await this.#session.release();
  }

  #tensor(tensor: Tensor, values: TypedArray | undefined): RuntimeTensor {
    if (values?.length !== sizeOf(tensor.shape)) {
      throw new GraphError("FEED_MISMATCH", `${tensor.name} was fed ${values?.length ?? "no"} values`, {
        value: tensor.name,
        fix: `Feed ${sizeOf(tensor.shape)} values of ${tensor.dtype}${formatShape(tensor.shape)}.`,
      });
    }
    return this.#backend.tensor(tensor.dtype, toTypedArray(tensor.dtype, values) as Float32Array, tensor.shape);
  }

  #draw(random: Tensor, target: Float32Array): RuntimeTensor {
    if (random.source.kind !== "random") throw new GraphError("GRAPH_INVALID", `${random.name} is not random`);
    const stream = randomStream(this.#seed, "dropout", random.name, this.#step);
    fillDropoutMask(target, random.source.fill.keep, stream);
    return this.#backend.tensor("float32", target, random.shape);
  }
}

function initialState(program: TrainingProgram, backend: Backend, state: TrainingState): Record<string, RuntimeTensor> {
  const given = new Set([...program.parameters, ...program.buffers].map(({ name }) => name));
  return Object.fromEntries(
    program.state.map(({ name, tensor }) => {
      const size = sizeOf(tensor.shape);
      const values = state[name] ?? (given.has(name) ? undefined : zeros(tensor.dtype, size));
      if (values?.length !== size) {
        throw new GraphError("STATE_MISMATCH", `${name} has ${values?.length ?? "no"} values, not ${size}`, {
          value: name,
          fix: "Give every parameter and buffer values of its shape.",
        });
      }
      const data = toTypedArray(tensor.dtype, values).slice() as Float32Array;
      return [name, backend.tensor(tensor.dtype, data, tensor.shape)];
    }),
  );
}
