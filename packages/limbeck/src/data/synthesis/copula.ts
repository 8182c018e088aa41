import type { RandomStream } from "@limbeck/graph";
import jstat from "jstat";
import { normalNumber } from "../../support/normal.js";
import type { Moments } from "../moments/moments.js";

/** Fills an array with samples, one after another, each `[columns, length]`. */
export type Synthesizer = (target: Float32Array, random: RandomStream) => void;

/**
 * A Gaussian copula: normal numbers that are correlated as the columns' normal scores are, each put through the quantiles of
 * its column (Nelsen 2006, An Introduction to Copulas). In windows, columns and times go together as the product of both
 * correlations. Beyond the outermost quantiles there is nothing.
 */
export function copula(moments: Moments): Synthesizer {
  const { length } = moments;
  const columns = moments.columns.length;
  const across = choleskyFactor(moments.correlation);
  const along = choleskyFactor(moments.timeCorrelation);
  const marginals = moments.quantiles.map((quantiles, c) => marginal(moments.levels, quantiles, moments.discrete[c]!));
  const normal = new Float64Array(columns * length);
  const mixed = new Float64Array(columns * length);
  return (target, random) => {
    for (let start = 0; start < target.length; start += normal.length) {
      for (let i = 0; i < normal.length; i++) normal[i] = normalNumber(random);
      for (let c = 0; c < columns; c++) {
        for (let t = 0; t < length; t++) mixed[c * length + t] = dot(along[t]!, t, normal, c * length, 1);
      }
      for (let c = 0; c < columns; c++) {
        for (let t = 0; t < length; t++)
          target[start + c * length + t] = marginals[c]!(dot(across[c]!, c, mixed, t, length));
      }
    }
  };
}

/** Of the first numbers of a row, up to `last`, with every `step`th of a list. */
function dot(row: ArrayLike<number>, last: number, list: Float64Array, from: number, step: number): number {
  let sum = 0;
  for (let i = 0; i <= last; i++) sum += row[i]! * list[from + i * step]!;
  return sum;
}

/** The lower triangle L of a correlation L·Lᵀ. What rounding made impossible is left out, and the rest brought back to 1. */
export function choleskyFactor(correlation: readonly (readonly number[])[]): Float64Array[] {
  const rows: Float64Array[] = [];
  for (const [i, given] of correlation.entries()) {
    const row = new Float64Array(i + 1);
    for (let j = 0; j < i; j++) {
      const pivot = rows[j]![j]!;
      let rest = given[j]!;
      for (let k = 0; k < j; k++) rest -= row[k]! * rows[j]![k]!;
      row[j] = pivot > 1e-6 ? rest / pivot : 0;
    }
    const explained = row.reduce((sum, value) => sum + value * value, 0);
    if (explained > 1) for (let j = 0; j < i; j++) row[j]! /= Math.sqrt(explained);
    row[i] = Math.sqrt(Math.max(0, 1 - explained));
    rows.push(row);
  }
  return rows;
}

/** The value of a column that a normal number stands for: on straight lines between quantiles, or the nearest one's. */
function marginal(levels: readonly number[], quantiles: readonly number[], discrete: boolean): (z: number) => number {
  const inverse = (level: number) => jstat.normal.inv(level, 0, 1);
  const last = levels.length - 1;
  const knots = levels.map(inverse);
  if (discrete) {
    const borders = levels.slice(1).map((level, k) => inverse((level + levels[k]!) / 2));
    return (z) => quantiles[countBelow(borders, z)]!;
  }
  return (z) => {
    const above = countBelow(knots, z);
    if (above === 0) return quantiles[0]!;
    if (above > last) return quantiles[last]!;
    const share = (z - knots[above - 1]!) / (knots[above]! - knots[above - 1]!);
    return quantiles[above - 1]! + share * (quantiles[above]! - quantiles[above - 1]!);
  };
}

/** How many numbers of a rising list are smaller. */
function countBelow(list: readonly number[], value: number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
