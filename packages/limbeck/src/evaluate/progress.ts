import { Breath, Rate, Timer } from "../support/timer.js";
import type { EvaluationEvent } from "./evaluation.js";

/** Tells how far the phases of an evaluation are, and lets others work in between. */
export class EvaluationProgress {
  readonly #emit: (event: EvaluationEvent) => void;
  readonly #signal: AbortSignal;
  readonly #breath = new Breath();
  readonly #timer = new Timer(200);

  constructor(emit: (event: EvaluationEvent) => void, signal: AbortSignal) {
    this.#emit = emit;
    this.#signal = signal;
  }

  /** Runs a phase. @param unit what a step is @param work is given what it calls after its steps */
  async phase<Result>(
    phase: string,
    unit: string,
    totalSteps: number,
    work: (at: (step: number) => Promise<void>) => Promise<Result>,
  ): Promise<Result> {
    const start = performance.now();
    const rate = new Rate();
    this.#emit({ type: "phase-start", phase });
    const result = await work(async (step) => {
      await this.#breath.take();
      this.#signal.throwIfAborted();
      if (!this.#timer.rings()) return;
      this.#emit({ type: "progress", phase, step, totalSteps, loss: null, stepsPerSecond: rate.at(step), unit });
    });
    this.#emit({ type: "phase-end", phase, seconds: (performance.now() - start) / 1000, reused: false });
    return result;
  }
}
