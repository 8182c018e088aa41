import { LimbeckError } from "../support/errors.js";
import type { Feeds, RunningModel } from "./run-model.js";

/** What a batch is answered with by the model that is quantized. */
export interface ReferenceBatch {
  readonly feeds: Feeds;
  /** How many of its samples count. */
  readonly count: number;
  /** The output's numbers, [samples, …]. */
  readonly answers: Float32Array;
  /** Class numbers of the samples. */
  readonly labels: Uint8Array;
}

/** How far answers are from those in full precision. */
export interface Closeness {
  /** Mean square of the answers over that of the differences, in decibels; null where there is no difference. */
  readonly sqnr: number | null;
  /** Largest difference. */
  readonly largest: number;
  /** Share of samples whose largest output is the same; of a single output, those on the same side of 0. */
  readonly agreement: number;
  /** Share of samples whose largest output is that of their class, before and after; null where outputs are other than classes. */
  readonly accuracy: { readonly before: number; readonly after: number } | null;
}

/** Asks a quantized model what the original was asked. @param classes how many the data have */
export async function compare(
  model: RunningModel,
  output: string,
  batches: readonly ReferenceBatch[],
  classes: number,
  onBatch: (step: number) => Promise<void>,
): Promise<Closeness> {
  let [signal, noise, largest, same, before, after, samples, width] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (const [step, { feeds, count, answers, labels }] of batches.entries()) {
    await onBatch(step);
    const found = (await model.values(feeds, [output])).get(output)!;
    requireNumbers(found, answers);
    width = answers.length / count;
    samples += count;
    for (let row = 0; row < count; row++) {
      const [expected, got] = [answers, found].map((rows) => rows.subarray(row * width, (row + 1) * width));
      for (let i = 0; i < width; i++) {
        const difference = got![i]! - expected![i]!;
        signal += expected![i]! ** 2;
        noise += difference ** 2;
        largest = Math.max(largest, Math.abs(difference));
      }
      const [top, topAfter] = [topOf(expected!), topOf(got!)];
      same += Number(top === topAfter);
      before += Number(top === labels[row]);
      after += Number(topAfter === labels[row]);
    }
  }
  return {
    sqnr: noise === 0 ? null : 10 * Math.log10(signal / noise),
    largest,
    agreement: same / samples,
    accuracy: width === classes ? { before: before / samples, after: after / samples } : null,
  };
}

/** @throws LimbeckError MODEL_FAILED where the quantized model answers with what is no number, and the original does not */
function requireNumbers(found: Float32Array, answers: Float32Array): void {
  const place = answers.findIndex((value, i) => Number.isFinite(value) && !Number.isFinite(found[i]!));
  if (place < 0) return;
  throw new LimbeckError("MODEL_FAILED", `the quantized model answers with ${found[place]}`, {
    value: String(found[place]),
    fix: "Leave layers out by exclude, or take ranges from more samples.",
  });
}

function topOf(values: Float32Array): number {
  if (values.length === 1) return Number(values[0]! > 0);
  let top = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[top]!) top = i;
  return top;
}
