import { mean } from "../statistics.js";
import { countOf, meanVector, squaredDistances, type Vectors, vectorAt } from "./vectors.js";

/** An affine map of vectors. */
export type LinearMap = (inputs: Vectors) => Vectors;

/** Penalties that are tried, as shares of each input's variance. */
const PENALTIES = [1e-4, 1e-3, 1e-2, 1e-1, 1, 10];

/** One sample in so many judges the penalty. */
const HELD_OUT = 5;

/**
 * The affine map of least squared error with a penalty on its weights (ridge regression; Hoerl & Kennard 1970). The penalty is the
 * best of some on a fifth of the samples, and the map is then fitted to all.
 * @param inputs [samples, width]; a few hundred numbers wide at most, as the cost grows with the cube
 */
export function fitLinearMap(inputs: Vectors, targets: Vectors): LinearMap {
  const [fitted, judged] = [(row: number) => row % HELD_OUT !== 0, (row: number) => row % HELD_OUT === 0];
  const [own, others] = [rowsOf(inputs, fitted), rowsOf(inputs, judged)];
  const [ownTargets, otherTargets] = [rowsOf(targets, fitted), rowsOf(targets, judged)];
  const moments = momentsOf(own, ownTargets);
  const errors = PENALTIES.map((penalty) => mean(squaredDistances(mapOf(moments, penalty)(others), otherTargets)));
  const best = errors.indexOf(Math.min(...errors));
  return mapOf(momentsOf(inputs, targets), PENALTIES[Math.max(0, best)]!);
}

function rowsOf(vectors: Vectors, isWanted: (row: number) => boolean): Vectors {
  const { width } = vectors;
  const rows = Array.from({ length: countOf(vectors) }, (_, row) => row).filter(isWanted);
  const values = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    values.set(vectorAt(vectors, row), i * width);
  });
  return { values, width };
}

interface Moments {
  readonly inputMean: Float32Array;
  readonly targetMean: Float32Array;
  /** Of centered inputs, [width, width]. */
  readonly covariance: Float64Array;
  /** Of centered inputs with targets, [width, targets]. */
  readonly shared: Float64Array;
}

function momentsOf(inputs: Vectors, targets: Vectors): Moments {
  const [inputMean, targetMean] = [meanVector(inputs), meanVector(targets)];
  const [n, m, samples] = [inputs.width, targets.width, countOf(inputs)];
  const [covariance, shared] = [new Float64Array(n * n), new Float64Array(n * m)];
  for (let row = 0; row < samples; row++) {
    const x = vectorAt(inputs, row).map((value, i) => value - inputMean[i]!);
    const y = vectorAt(targets, row).map((value, i) => value - targetMean[i]!);
    for (let i = 0; i < n; i++) {
      const factor = x[i]! / samples;
      for (let j = 0; j < n; j++) covariance[i * n + j]! += factor * x[j]!;
      for (let j = 0; j < m; j++) shared[i * m + j]! += factor * y[j]!;
    }
  }
  return { inputMean, targetMean, covariance, shared };
}

function mapOf({ inputMean, targetMean, covariance, shared }: Moments, penalty: number): LinearMap {
  const [n, m] = [inputMean.length, targetMean.length];
  const penalized = covariance.slice();
  for (let i = 0; i < n; i++) penalized[i * (n + 1)]! += penalty * covariance[i * (n + 1)]! || 1;
  const weights = solve(penalized, shared, n, m);
  return (inputs) => {
    const values = new Float32Array(countOf(inputs) * m);
    for (let row = 0; row < countOf(inputs); row++) {
      const x = vectorAt(inputs, row);
      const y = Float64Array.from(targetMean);
      for (let i = 0; i < n; i++) {
        const factor = x[i]! - inputMean[i]!;
        for (let j = 0; j < m; j++) y[j]! += factor * weights[i * m + j]!;
      }
      values.set(y, row * m);
    }
    return { values, width: m };
  };
}

/** The solution of A X = B by Cholesky's factors, for a positive definite A [n, n]; B and X are [n, m]. A is overwritten. */
function solve(a: Float64Array, b: Float64Array, n: number, m: number): Float64Array {
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = a[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= a[i * n + k]! * a[j * n + k]!;
      a[i * n + j] = i === j ? Math.sqrt(sum) : sum / a[j * n + j]!;
    }
  }
  const x = b.slice();
  const subtract = (row: number, other: number, factor: number) => {
    for (let c = 0; c < m; c++) x[row * m + c]! -= factor * x[other * m + c]!;
  };
  const divide = (row: number) => {
    for (let c = 0; c < m; c++) x[row * m + c]! /= a[row * (n + 1)]!;
  };
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) subtract(i, k, a[i * n + k]!);
    divide(i);
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) subtract(i, k, a[k * n + i]!);
    divide(i);
  }
  return x;
}
