import type { PruneTraining } from "./options.js";

/** When how much is gone, in steps. */
export class PruneSchedule {
  readonly #start: number;
  readonly #end: number;
  readonly #every: number;
  readonly #sparsity: number;

  /** @param steps of the whole training */
  constructor({ start, end, updates, sparsity }: PruneTraining, steps: number) {
    this.#start = Math.min(Math.round(start * steps), steps - 1);
    this.#end = Math.max(this.#start, Math.min(Math.round(end * steps), steps - 1));
    this.#every = Math.max(1, Math.round((this.#end - this.#start) / updates));
    this.#sparsity = sparsity;
  }

  /** The share that is gone from a step on, where more goes then: much at first, little in the end (Zhu & Gupta 2017, equation 1). */
  at(step: number): number | undefined {
    const since = step - this.#start;
    if (since < 0 || step > this.#end || (since % this.#every !== 0 && step !== this.#end)) return undefined;
    const left = this.#end === this.#start ? 0 : 1 - since / (this.#end - this.#start);
    return this.#sparsity * (1 - left ** 3);
  }
}
