import { bootstrap } from "../evaluate/bootstrap.js";
import { percentileEstimate, wilsonEstimate } from "../evaluate/intervals.js";
import { LimbeckError } from "../support/errors.js";
import type { Closeness } from "./quantization.js";
import type { Feeds, RunningModel } from "./run-model.js";

/** Draws of the bootstrap. */
const RESAMPLES = 1000;

/** What a batch is answered with by the model that is quantized. */
export interface Reference {
  /** How many of its samples count. */
  readonly count: number;
  /** The output's numbers, [samples, …]. */
  readonly answers: Float32Array;
  /** Class numbers of the samples. */
  readonly labels: Uint8Array;
}

/** Answers of two models to the same samples, added up batch by batch. */
export class Comparison {
  #signal = 0;
  #noise = 0;
  #largest = 0;
  #width = 0;
  readonly #same: boolean[] = [];
  /** Of each sample, how many more of the two answers are right since: -1, 0 or 1. */
  readonly #gained: number[] = [];
  #right = 0;

  /** @throws LimbeckError MODEL_FAILED where the quantized model answers with what is no number, and the original does not */
  add({ count, answers, labels }: Reference, found: Float32Array): void {
    requireNumbers(found, answers);
    const width = answers.length / count;
    this.#width = width;
    for (let i = 0; i < answers.length; i++) {
      const difference = found[i]! - answers[i]!;
      this.#signal += answers[i]! ** 2;
      this.#noise += difference ** 2;
      this.#largest = Math.max(this.#largest, Math.abs(difference));
    }
    for (let row = 0; row < count; row++) {
      const [before, after] = [answers, found].map((rows) => topOf(rows.subarray(row * width, (row + 1) * width)));
      this.#same.push(before === after);
      this.#gained.push(Number(after === labels[row]) - Number(before === labels[row]));
      this.#right += Number(before === labels[row]);
    }
  }

  get sqnr(): number | null {
    return this.#noise === 0 ? null : 10 * Math.log10(this.#signal / this.#noise);
  }

  get agreement(): number {
    return this.#same.filter(Boolean).length / this.#same.length;
  }

  /** @param classes how many the data have @param seed of the bootstrap */
  async closeness(classes: number, seed: number): Promise<Closeness> {
    const samples = this.#same.length;
    return {
      samples,
      sqnr: this.sqnr,
      largest: this.#largest,
      agreement: wilsonEstimate(this.#same.filter(Boolean).length, samples)!,
      accuracy: this.#width === classes ? await this.#accuracy(seed) : null,
    };
  }

  async #accuracy(seed: number): Promise<Closeness["accuracy"]> {
    const gained = this.#gained;
    const gain = gained.reduce((sum, value) => sum + value, 0);
    const resampled: number[] = [];
    await bootstrap(gained.length, RESAMPLES, seed, (drawn) => {
      resampled.push(drawn.reduce((sum, row) => sum + gained[row]!, 0) / gained.length);
    });
    return {
      before: wilsonEstimate(this.#right, gained.length)!,
      after: wilsonEstimate(this.#right + gain, gained.length)!,
      difference: percentileEstimate(gain / gained.length, resampled),
    };
  }
}

/** Asks a quantized model what the original was asked. @throws LimbeckError MODEL_FAILED */
export async function compare(
  model: RunningModel,
  output: string,
  batches: AsyncIterable<{ readonly feeds: Feeds; readonly reference: Reference }>,
): Promise<Comparison> {
  const comparison = new Comparison();
  for await (const { feeds, reference } of batches) {
    comparison.add(reference, (await model.values(feeds, [output])).get(output)!);
  }
  return comparison;
}

function requireNumbers(found: Float32Array, answers: Float32Array): void {
  const place = answers.findIndex((value, i) => Number.isFinite(value) && !Number.isFinite(found[i]!));
  if (place < 0) return;
  throw new LimbeckError("MODEL_FAILED", `the quantized model answers with ${found[place]}`, {
    value: String(found[place]),
    fix: "Leave layers out by exclude, take ranges from more samples, or choose another format.",
  });
}

function topOf(values: Float32Array): number {
  if (values.length === 1) return Number(values[0]! > 0);
  let top = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[top]!) top = i;
  return top;
}
