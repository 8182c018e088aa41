import type { InferenceSession } from "onnxruntime-common";
import { holdsType, type TypedArray, toTypedArray, zeros } from "../dtype.js";
import { GraphError, type GraphErrorCode } from "../errors.js";
import { toOnnxInParts } from "../onnx/encode.js";
import { formatShape, sizeOf } from "../shape.js";
import type { Tensor } from "../tensor.js";
import type { Backend, RuntimeTensor, SessionOptions } from "./backend.js";
import { draw } from "./draw.js";
import { freeMemory } from "./free-memory.js";
import { nextName, rowsName, scalarName, TRAINING_STEP, type TrainingProgram } from "./program.js";
import { replaceRows } from "./replace-rows.js";

/** Parameters, buffers and optimizer slots by name, on the host. */
export type TrainingState = Readonly<Record<string, TypedArray>>;

/** Options of a training session; the program's graph says what it runs on. */
export interface TrainingSessionOptions extends Omit<SessionOptions, "provider" | "weights"> {
  /** Seed of dropout masks and other random inputs. */
  readonly seed: number;
  /** Steps that `state` has behind it. Default 0. */
  readonly step?: number;
  /**
   * Values of all parameters and buffers; and of the optimizer's slots, which may be missing at step 0 only, where they
   * are zeros.
   */
  readonly state: TrainingState;
}

/** What a step reports: the loss and its terms, before the update. */
export type StepReport = Readonly<Record<string, number>>;

/**
 * Runs a training program step by step. Each step's outputs become the next step's inputs as they are: ONNX Runtime's
 * Node binding copies outputs once, and would copy pre-allocated ones as well.
 */
export class TrainingSession {
  readonly program: TrainingProgram;
  readonly #backend: Backend;
  readonly #session: InferenceSession;
  readonly #seed: number;
  /** State that a step reads. It may set a value without reading the last one, as statistics with a momentum of 1. */
  readonly #read: readonly string[];
  readonly #fetches: readonly string[];
  readonly #drawn: readonly TypedArray[];
  #frozen: Readonly<Record<string, RuntimeTensor>>;
  #busy = false;
  #state: Record<string, RuntimeTensor>;
  /** Values of the state that nobody else has seen, so that their memory can go once the next step is over. */
  #own: readonly RuntimeTensor[];
  #step: number;

  private constructor(
    program: TrainingProgram,
    backend: Backend,
    session: InferenceSession,
    options: TrainingSessionOptions,
    initial: InitialValues,
  ) {
    this.program = program;
    this.#backend = backend;
    this.#session = session;
    this.#seed = options.seed;
    this.#step = options.step ?? 0;
    this.#state = initial.state;
    this.#own = ownValues(program, initial.state);
    this.#frozen = initial.frozen;
    this.#read = session.inputNames.filter((name) => Object.hasOwn(initial.state, name));
    this.#fetches = [
      ...program.reports,
      ...program.state.map(({ name }) => nextName(name)),
      ...program.rowBuffers.map(({ name }) => rowsName(name)),
    ];
    this.#drawn = program.randoms.map(({ dtype, shape }) => zeros(dtype, sizeOf(shape)));
  }

  /** @throws GraphError STATE_MISMATCH when a value is missing, unknown or of the wrong size; RUNTIME_FAILED */
  static async create(
    program: TrainingProgram,
    backend: Backend,
    options: TrainingSessionOptions,
  ): Promise<TrainingSession> {
    const initial = initialValues(program, backend, options);
    const { provider } = program.graph;
    const session = await runtimeErrors(async () => {
      const lowered = (await backend.lower?.(program.graph)) ?? program.graph;
      const { model, weights } = toOnnxInParts(lowered, { name: TRAINING_STEP });
      return backend.createSession(model, { ...options, provider, weights });
    });
    return new TrainingSession(program, backend, session, options, initial);
  }

  /** Steps behind the current state. */
  get step(): number {
    return this.#step;
  }

  /**
   * One forward, backward and update. A step that fails leaves the state as it was.
   * @param feeds values of the program's inputs by name; leave the arrays alone until the step is over
   * @throws GraphError FEED_MISMATCH; OPTION_INVALID; SESSION_BUSY while another step is under way; RUNTIME_FAILED
   */
  async run(feeds: Readonly<Record<string, TypedArray>>, learningRate: number): Promise<StepReport> {
    if (this.#busy) throw busy();
    this.#busy = true;
    try {
      return await this.#advance(feeds, learningRate);
    } finally {
      this.#busy = false;
    }
  }

  async #advance(feeds: Readonly<Record<string, TypedArray>>, learningRate: number): Promise<StepReport> {
    const { program } = this;
    if (!Number.isFinite(learningRate)) {
      throw new GraphError("OPTION_INVALID", `the learning rate is ${learningRate}`, { value: learningRate });
    }
    const unknown = Object.keys(feeds).find((name) => !program.feeds.some((tensor) => tensor.name === name));
    if (unknown !== undefined) {
      throw new GraphError("FEED_MISMATCH", `the program has no input ${unknown}`, { value: unknown });
    }
    const state = this.#read.map((name) => [name, this.#state[name]!] as const);
    const values: Record<string, RuntimeTensor> = { ...Object.fromEntries(state), ...this.#frozen };
    for (const tensor of program.feeds) values[tensor.name] = this.#tensor(tensor, feeds[tensor.name]);
    program.randoms.forEach((random, i) => {
      values[random.name] = this.#draw(random, this.#drawn[i]!);
    });
    const { dtype } = program.parameters[0]!;
    for (const [name, value] of Object.entries(program.optimizer.scalars(this.#step + 1, learningRate))) {
      values[scalarName(name)] = this.#backend.tensor(dtype, toTypedArray(dtype, [value]) as Float32Array, []);
    }
    const results = await runtimeErrors(() => this.#session.run(values, this.#fetches));
    const banks = program.rowBuffers.map(({ name }) => [name, this.#state[name]!] as const);
    replaceRows(banks, results);
    const next = Object.fromEntries(program.state.map(({ name }) => [name, results[nextName(name)]!]));
    this.#own.forEach(freeMemory);
    this.#own = Object.values(next);
    this.#state = { ...next, ...Object.fromEntries(banks) };
    this.#step += 1;
    return Object.fromEntries(program.reports.map((name) => [name, Number(results[name]!.data[0])]));
  }

  /**
   * The current parameters, buffers and slots. The arrays are ONNX Runtime's own: do not write to them. They survive the
   * next step; buffers of which steps replace rows are copies for that.
   */
  state(): TrainingState {
    this.#own = [];
    const written = new Set(this.program.rowBuffers.map(({ name }) => name));
    const values = Object.entries(this.#state).map(([name, { data }]): [string, TypedArray] => {
      return [name, written.has(name) ? (data as TypedArray).slice() : (data as TypedArray)];
    });
    return Object.fromEntries(values);
  }

  /**
   * Goes on from values of another session, where programs take turns over the same values: those that this program carries
   * or has frozen are taken over, the others passed over. The arrays are used as they are, not copied.
   * @throws GraphError STATE_MISMATCH when a value is of the wrong size; SESSION_BUSY
   */
  adopt(values: TrainingState): void {
    if (this.#busy) throw busy();
    const adopted = (tensors: readonly Tensor[]) =>
      tensors
        .filter(({ name }) => Object.hasOwn(values, name))
        .map((tensor): [string, RuntimeTensor] => {
          const data = fitting(tensor, values[tensor.name], "STATE_MISMATCH") as Float32Array;
          return [tensor.name, this.#backend.tensor(tensor.dtype, data, tensor.shape)];
        });
    this.#state = { ...this.#state, ...Object.fromEntries(adopted(this.program.state)) };
    this.#frozen = { ...this.#frozen, ...Object.fromEntries(adopted(this.program.frozen)) };
  }

  async release(): Promise<void> {
    await this.#session.release();
  }

  #tensor(tensor: Tensor, values: TypedArray | undefined): RuntimeTensor {
    const data = fitting(tensor, values, "FEED_MISMATCH");
    return this.#backend.tensor(tensor.dtype, data as Float32Array, tensor.shape);
  }

  #draw(random: Tensor, target: TypedArray): RuntimeTensor {
    const { name, dtype, shape, source } = random;
    if (source.kind !== "random") throw new GraphError("GRAPH_INVALID", `${name} is not random`);
    draw(target, source.fill, { seed: this.#seed, name, step: this.#step });
    return this.#backend.tensor(dtype, target as Float32Array, shape);
  }
}

/** The copies that a session begins with, less the buffers that live as long as it does. */
function ownValues({ rowBuffers }: TrainingProgram, state: Readonly<Record<string, RuntimeTensor>>): RuntimeTensor[] {
  const lasting = new Set(rowBuffers.map(({ name }) => name));
  return Object.entries(state).flatMap(([name, value]) => (lasting.has(name) ? [] : [value]));
}

function busy(): GraphError {
  return new GraphError("SESSION_BUSY", "a step is under way", { fix: "Await each step before the next." });
}

interface InitialValues {
  readonly state: Record<string, RuntimeTensor>;
  readonly frozen: Record<string, RuntimeTensor>;
}

function initialValues(program: TrainingProgram, backend: Backend, options: TrainingSessionOptions): InitialValues {
  const { state, step = 0 } = options;
  const known = new Set([...program.state.map(({ name }) => name), ...program.frozen.map(({ name }) => name)]);
  const unknown = Object.keys(state).find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new GraphError("STATE_MISMATCH", `the program has no parameter, buffer or slot ${unknown}`, {
      value: unknown,
    });
  }
  const given = new Set([...program.parameters, ...program.buffers, ...program.frozen]);
  const copied = (tensor: Tensor): [string, RuntimeTensor] => {
    const mayBeZero = step === 0 && !given.has(tensor);
    const values = state[tensor.name] ?? (mayBeZero ? zeros(tensor.dtype, sizeOf(tensor.shape)) : undefined);
    const data = fitting(tensor, values, "STATE_MISMATCH").slice() as Float32Array;
    return [tensor.name, backend.tensor(tensor.dtype, data, tensor.shape)];
  };
  return {
    state: Object.fromEntries(program.state.map(copied)),
    frozen: Object.fromEntries(program.frozen.map(copied)),
  };
}

/** Values that are there, of the right type and number. */
function fitting(tensor: Tensor, values: TypedArray | undefined, code: GraphErrorCode): TypedArray {
  const size = sizeOf(tensor.shape);
  if (values?.length === size && holdsType(values, tensor.dtype)) return values;
  const given = values ? `${values.length} values in a ${values.constructor.name}` : "no values";
  throw new GraphError(code, `${tensor.name} has ${given}`, {
    value: tensor.name,
    fix: `Give ${size} values of ${tensor.dtype}${formatShape(tensor.shape)}.`,
  });
}

/** Turns what ONNX Runtime throws into a typed error. */
async function runtimeErrors<Result>(action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof GraphError) throw error;
    throw new GraphError("RUNTIME_FAILED", error instanceof Error ? error.message : String(error), { cause: error });
  }
}
