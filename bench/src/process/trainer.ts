import type { Problem } from "../row.js";

/** A contender inside its process: state, and a step that carries it on. */
export interface Trainer {
  /** Version and threads, for people. */
  readonly about: string;
  /**
   * Trains one step on the batch whose turn it is and resolves to its loss, once the new state is there.
   * @param index counts from 0
   */
  step(index: number): Promise<number>;
}

/** What a module exports that {@link Trainer}s come from. */
export interface TrainerModule {
  /** @throws Unavailable when this machine lacks what the contender needs */
  start(problem: Problem): Promise<Trainer>;
}

/** A contender cannot run here, which is no failure. */
export class Unavailable extends Error {}
