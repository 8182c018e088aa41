import { type StepReport, type TrainingProgram, TrainingSession, type TrainingState } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import type { ModelValues } from "../models/model.js";
import type { TrainingJob, Turn } from "../schemes/job.js";

/** Runs the steps of a training, one after another. */
export interface Steps {
  /** Steps behind the current state. */
  readonly step: number;
  next(): Promise<StepReport>;
  /** Current values of all that is carried; see `TrainingSession.state`. */
  state(): TrainingState;
  release(): Promise<void>;
}

interface StepOptions {
  /** Steps that `state` has behind it. */
  readonly step: number;
  /** Values of all that is carried, and of what is frozen. */
  readonly state: TrainingState;
  readonly threads: number;
}

/** Gets ready for the next step of a training. @throws GraphError STATE_MISMATCH, RUNTIME_FAILED */
export async function openSteps(job: TrainingJob, options: StepOptions): Promise<Steps> {
  const { repeats = 1, turn } = job;
  const own = await openSession(job, job.program, repeats, options);
  return new TakingTurns(job, own, turn && { ...turn, session: await openSession(job, turn.program, 1, options) });
}

/** @param repeats how often the program runs in a step: it counts its own steps */
function openSession({ seed }: TrainingJob, program: TrainingProgram, repeats: number, options: StepOptions) {
  const { step, state, threads } = options;
  const known = new Set([...program.state, ...program.frozen].map(({ name }) => name));
  const own = Object.fromEntries(Object.entries(state).filter(([name]) => known.has(name)));
  return TrainingSession.create(program, nodeBackend, { seed, threads, step: step * repeats, state: own });
}

interface OpenTurn extends Turn {
  readonly session: TrainingSession;
}

/** A step is the program's runs, and then what takes turns with it, each from the values that the other has left. */
class TakingTurns implements Steps {
  readonly #job: TrainingJob;
  readonly #own: TrainingSession;
  readonly #other: OpenTurn | undefined;

  constructor(job: TrainingJob, own: TrainingSession, other: OpenTurn | undefined) {
    this.#job = job;
    this.#own = own;
    this.#other = other;
  }

  get step(): number {
    return this.#own.step / (this.#job.repeats ?? 1);
  }

  async next(): Promise<StepReport> {
    const { repeats = 1, learningRate, feeds } = this.#job;
    const { step } = this;
    const changed = this.#job.model.between?.values(step, () => this.#own.state() as ModelValues);
    if (changed) this.#own.adopt(changed);
    const reports: StepReport[] = [];
    for (let repeat = 0; repeat < repeats; repeat++) {
      reports.push(await this.#own.run(await feeds(step, repeat), learningRate(step)));
    }
    const [first] = reports;
    const report = repeats === 1 ? first! : means(reports);
    return this.#other ? { ...report, ...(await this.#takeTurn(this.#other, step)) } : report;
  }

  async #takeTurn({ session, feeds, learningRate, name }: OpenTurn, step: number) {
    session.adopt(this.#own.state());
    const report = await session.run(await feeds(step), learningRate(step));
    this.#own.adopt(session.state());
    const named = (term: string) => (term === "loss" ? name : `${name}/${term}`);
    return Object.fromEntries(Object.entries(report).map(([term, value]) => [named(term), value]));
  }

  state(): TrainingState {
    return { ...this.#own.state(), ...this.#other?.session.state() };
  }

  async release(): Promise<void> {
    await this.#own.release();
    await this.#other?.session.release();
  }
}

function means(reports: readonly StepReport[]): StepReport {
  const sum = (name: string) => reports.reduce((total, report) => total + report[name]!, 0);
  return Object.fromEntries(Object.keys(reports[0]!).map((name) => [name, sum(name) / reports.length]));
}
