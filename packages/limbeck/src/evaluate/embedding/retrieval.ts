import { countOf, dot, normalized, type Vectors, vectorAt } from "./vectors.js";

/** The other vectors of largest cosine to each, the nearest first; of equals the first. @param most how many */
export function nearest(vectors: Vectors, most: number): Uint32Array[] {
  const units = normalized(vectors);
  const count = countOf(units);
  const table = new Float64Array(count * count);
  for (let a = 0; a < count; a++) {
    for (let b = a + 1; b < count; b++) {
      const cosine = dot(vectorAt(units, a), vectorAt(units, b));
      table[a * count + b] = cosine;
      table[b * count + a] = cosine;
    }
  }
  return Array.from({ length: count }, (_, row) => {
    const own = table.subarray(row * count, (row + 1) * count);
    const others = Uint32Array.from({ length: count - 1 }, (_, i) => (i < row ? i : i + 1));
    return others.sort((a, b) => own[b]! - own[a]! || a - b).slice(0, most);
  });
}

/** Of the first `depth` neighbors of each sample, the share that is among as many others. */
export function recalls(wanted: readonly Uint32Array[], found: readonly Uint32Array[], depth: number): number[] {
  return wanted.map((neighbors, row) => {
    const ours = new Set(found[row]!.subarray(0, depth));
    const theirs = neighbors.subarray(0, depth);
    return theirs.filter((neighbor) => ours.has(neighbor)).length / theirs.length;
  });
}

/** The share that is found by guessing. @param count of all samples, the one that is asked about among them */
export function chanceRecall(count: number, depth: number): number {
  return Math.min(1, depth / (count - 1));
}
