import { randomStream } from "@limbeck/graph";
import type { HostTensor, SafetensorsFile } from "../support/safetensors.js";

type Tensors = SafetensorsFile["tensors"];

/** How answers are drawn. */
export interface Drawing {
  /** Draws for each sample, with replacement. */
  readonly draws: number;
  /** Softens the teacher's probabilities before. */
  readonly temperature: number;
}

/** Logit, at temperature 1, of a class that was never drawn: nothing after softmax, and finite. */
const NEVER = -1000;

/** The most bytes that drawn answers to so many samples take. */
export function drawnBytes(samples: number, classes: number, { draws }: Drawing): number {
  const perClass = widthOf(classes - 1) + widthOf(draws);
  return samples * (Math.min(draws, classes) * perClass + 2) + 4;
}

const widthOf = (largest: number) => (largest < 256 ? 1 : 2);

const whole = (values: readonly number[], largest: number): HostTensor =>
  widthOf(largest) === 1
    ? { dtype: "uint8", shape: [values.length], data: Uint8Array.from(values) }
    : { dtype: "uint16", shape: [values.length], data: Uint16Array.from(values) };

/**
 * Draws classes from softmax(logits / temperature) and keeps which they are (`places`), how often each was drawn (`counts`) and
 * how many there are of a sample (`distinct`). Counts divided by draws are an unbiased estimate of the teacher's probabilities. Depends
 * on nothing but logits, rows and options.
 * Source: Anshumann et al. 2025, Sparse Logit Sampling.
 */
export function drawAnswers(logits: Float32Array, classes: number, { draws, temperature }: Drawing): Tensors {
  const [places, counts, distinct]: number[][] = [[], [], []];
  for (let row = 0; row < logits.length / classes; row++) {
    const sums = cumulated(logits.subarray(row * classes, (row + 1) * classes), temperature);
    const random = randomStream(0, "answers", row);
    const found = new Map<number, number>();
    for (let draw = 0; draw < draws; draw++) {
      const place = firstAbove(sums, random.uniform() * sums[classes - 1]!);
      found.set(place, (found.get(place) ?? 0) + 1);
    }
    const inOrder = [...found].sort(([a], [b]) => a - b);
    places!.push(...inOrder.map(([place]) => place));
    counts!.push(...inOrder.map(([, count]) => count));
    distinct!.push(inOrder.length);
  }
  return {
    places: whole(places!, classes - 1),
    counts: whole(counts!, draws),
    distinct: { dtype: "uint16", shape: [distinct!.length], data: Uint16Array.from(distinct!) },
    temperature: { dtype: "float32", shape: [1], data: Float32Array.of(temperature) },
  };
}

/** Running sums of exp(logit / T), not normalized. */
function cumulated(logits: Float32Array, temperature: number): Float64Array {
  const most = logits.reduce((a, b) => Math.max(a, b));
  let sum = 0;
  return Float64Array.from(logits, (logit) => {
    sum += Math.exp((logit - most) / temperature);
    return sum;
  });
}

/** The first place whose running sum is larger. */
function firstAbove(sums: Float64Array, value: number): number {
  let [low, high] = [0, sums.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Logits [samples, classes] whose softmax, at the temperature of the drawing, is counts divided by draws.
 * @returns nothing where these are no drawn answers to so many classes
 */
export function drawnLogits(
  { places, counts, distinct, temperature }: Tensors,
  classes: number,
): Float32Array | undefined {
  if (!places || !counts || !distinct || !temperature || places.data.length !== counts.data.length) return undefined;
  const degrees = Number(temperature.data[0]);
  const logits = new Float32Array(distinct.data.length * classes).fill(NEVER * degrees);
  let next = 0;
  for (const [row, size] of Array.from(distinct.data, Number).entries()) {
    const own = Array.from({ length: size }, (_, i) => Number(counts.data[next + i]));
    const draws = own.reduce((a, b) => a + b, 0);
    for (const count of own) {
      const place = Number(places.data[next++]);
      if (!(count > 0) || place >= classes) return undefined;
      logits[row * classes + place] = degrees * Math.log(count / draws);
    }
  }
  return next === places.data.length ? logits : undefined;
}
