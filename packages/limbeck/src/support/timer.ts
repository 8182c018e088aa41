/** Rings once after each interval. */
export class Timer {
  readonly #interval: number;
  #last: number = performance.now();

  /** @param interval in milliseconds */
  constructor(interval: number) {
    this.#interval = interval;
  }

  rings(): boolean {
    const now = performance.now();
    if (now - this.#last < this.#interval) return false;
    this.#last = now;
    return true;
  }
}

/** Steps a second since counting began, or went on. */
export class Rate {
  readonly #firstStep: number;
  readonly #start: number = performance.now();

  constructor(firstStep = 0) {
    this.#firstStep = firstStep;
  }

  at(step: number): number {
    const seconds = (performance.now() - this.#start) / 1000;
    return seconds > 0 ? (step - this.#firstStep) / seconds : 0;
  }
}

/** ONNX Runtime blocks the thread: messages and signals get through only where we let them. */
export class Breath {
  readonly #timer: Timer = new Timer(50);

  async take(): Promise<void> {
    if (this.#timer.rings()) await new Promise((resolve) => setImmediate(resolve));
  }
}
