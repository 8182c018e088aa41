import type { RandomStream } from "@limbeck/graph";
import { normalNumber } from "../../support/normal.js";
import { type Split, sampleLength } from "../dataset.js";
import { type Moments, spreadsOf } from "../moments/moments.js";
import { sampleAt } from "../samples/samples.js";
import type { Synthesizer } from "./copula.js";

/** What MUNGE does to a pair of rows. */
export interface MungeOptions {
  /** How likely each cell is changed. */
  readonly probability: number;
  /** The distance to the neighbor's cell, divided by this, is the deviation of what is drawn. */
  readonly localVariance: number;
}

/** One cell of a row and of its nearest neighbor. */
interface Cells {
  readonly own: number;
  readonly neighbor: number;
  readonly discrete: boolean;
}

/**
 * MUNGE (Bucilua, Caruana & Niculescu-Mizil 2006, algorithm 1), row by row: a row is drawn from the sample, and each of its
 * cells is, with a probability, drawn around that of the row's nearest neighbor; cells of discrete columns become the
 * neighbor's. Rows are compared by columns that are divided by their deviations.
 */
export function munge(split: Split, moments: Moments, options: MungeOptions): Synthesizer {
  const rows = valuesOf(split);
  const length = sampleLength(split.dataset);
  const neighbors = nearestRows(rows, length, moments);
  const isDiscrete = (i: number) => moments.discrete[Math.floor(i / moments.length)]!;
  return (target, random) => {
    for (let start = 0; start < target.length; start += length) {
      const row = random.below(neighbors.length);
      const [own, other] = [row * length, neighbors[row]! * length];
      for (let i = 0; i < length; i++) {
        const cells = { own: rows[own + i]!, neighbor: rows[other + i]!, discrete: isDiscrete(i) };
        target[start + i] = mungedCell(cells, options, random);
      }
    }
  };
}

function mungedCell({ own, neighbor, discrete }: Cells, options: MungeOptions, random: RandomStream): number {
  if (random.uniform() >= options.probability) return own;
  if (discrete) return neighbor;
  return neighbor + normalNumber(random, Math.abs(own - neighbor) / options.localVariance);
}

/** The values of a split's samples, one after another. */
export function valuesOf({ dataset, indices }: Split): Float32Array {
  const length = sampleLength(dataset);
  const values = new Float32Array(indices.length * length);
  indices.forEach((index, row) => {
    values.set(sampleAt(dataset, index), row * length);
  });
  return values;
}

/** Of each row, the nearest other one. */
export function nearestRows(rows: Float32Array, length: number, moments: Moments): Uint32Array {
  const count = rows.length / length;
  const spreads = spreadsOf(moments);
  const scaled = rows.map((value, i) => value / spreads[Math.floor((i % length) / moments.length)]!);
  return Uint32Array.from({ length: count }, (_, row) => {
    let [nearest, least] = [row, Number.POSITIVE_INFINITY];
    for (let other = 0; other < count; other++) {
      const apart = other === row ? Number.POSITIVE_INFINITY : distance(scaled, row * length, other * length, length);
      if (apart < least) [nearest, least] = [other, apart];
    }
    return nearest;
  });
}

/** Squared. */
function distance(values: Float32Array, a: number, b: number, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += (values[a + i]! - values[b + i]!) ** 2;
  return sum;
}
