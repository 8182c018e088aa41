import type { Split } from "../dataset.js";
import { sampleAt } from "../samples/samples.js";
import { type LumaGrid, lumaGrid } from "./luma.js";

/** Rows and columns of the grid whose differences are compared. */
const SIDE = 16;

const LENGTH = 2 * SIDE * (SIDE - 1);

/** So many of the differences, from all over the image, are compared first. */
const FIRST = LENGTH / 4;

/**
 * What changes from cell to cell of some images: differences of each cell of a grid to those on its right and below, scaled to length
 * 1 about a mean of 0, so that brightness and contrast leave no trace.
 */
export class Details {
  readonly #split: Split;
  readonly #gridOf: LumaGrid;
  /** `[images, FIRST]`: side by side, they are read much faster than one by one. */
  readonly #first: Float32Array;
  /** `[images]`: lengths of what follows on them. */
  readonly #rest: Float32Array;
  readonly #whole = new Map<number, Float32Array>();

  constructor(split: Split) {
    const size = split.indices.length;
    this.#split = split;
    this.#gridOf = lumaGrid(split.dataset, SIDE, SIDE);
    this.#first = new Float32Array(size * FIRST);
    this.#rest = new Float32Array(size);
  }

  /** Looks at an image, by its place in the split; others are not compared. */
  add(place: number): void {
    const values = this.#compute(place);
    this.#first.set(values.subarray(0, FIRST), place * FIRST);
    this.#rest[place] = Math.sqrt(product(values, values, FIRST, LENGTH));
  }

  /** Correlation of the details of an image and of another one, where it may be `least` or more; else 0. */
  likeness(place: number, other: Details, otherPlace: number, least: number): number {
    let first = 0;
    for (let i = 0, a = place * FIRST, b = otherPlace * FIRST; i < FIRST; i++) {
      first += this.#first[a + i]! * other.#first[b + i]!;
    }
    // By the inequality of Cauchy and Schwarz, the others add no more than that.
    if (first + this.#rest[place]! * other.#rest[otherPlace]! < least) return 0;
    return first + product(this.#values(place), other.#values(otherPlace), FIRST, LENGTH);
  }

  #values(place: number): Float32Array {
    const known = this.#whole.get(place);
    if (known) return known;
    const values = this.#compute(place);
    this.#whole.set(place, values);
    return values;
  }

  #compute(place: number): Float32Array {
    const { dataset, indices } = this.#split;
    return differences(this.#gridOf(sampleAt(dataset, indices[place]!) as Uint8Array, 0));
  }
}

function differences(grid: ReturnType<LumaGrid>): Float32Array {
  const values = new Float32Array(LENGTH);
  let [next, sum] = [0, 0];
  for (let cell = 0; cell < SIDE * SIDE; cell++) {
    for (const [exists, other] of [
      [cell % SIDE < SIDE - 1, cell + 1],
      [cell + SIDE < SIDE * SIDE, cell + SIDE],
    ] as const) {
      if (!exists) continue;
      const difference = grid[other]! - grid[cell]!;
      values[(next % 4) * FIRST + (next >> 2)] = difference;
      sum += difference;
      next++;
    }
  }
  for (let i = 0; i < LENGTH; i++) values[i]! -= sum / LENGTH;
  const length = Math.sqrt(product(values, values, 0, LENGTH)) || 1;
  for (let i = 0; i < LENGTH; i++) values[i]! /= length;
  return values;
}

function product(a: Float32Array, b: Float32Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += a[i]! * b[i]!;
  return sum;
}
