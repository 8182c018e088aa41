import { bootstrap } from "../bootstrap.js";
import { type Estimate, percentileEstimate, wilsonEstimate } from "../intervals.js";
import { NEIGHBORS, vote } from "../nearest.js";
import type { NeighborClasses } from "./evaluation.js";
import type { Draws } from "./measures.js";
import { nearest } from "./retrieval.js";
import { dot, normalized, type Vectors, vectorAt } from "./vectors.js";

/** Whether the 20 nearest others of each vector vote for its class, by the cosine. */
function votesOf(vectors: Vectors, labels: ArrayLike<number>, classes: number): boolean[] {
  const units = normalized(vectors);
  return nearest(units, NEIGHBORS).map((others, row) => {
    const voters = Array.from(others, (other) => ({
      label: labels[other]!,
      cosine: dot(vectorAt(units, row), vectorAt(units, other)),
    }));
    return vote(voters, classes) === labels[row];
  });
}

/**
 * How often the nearest others tell a sample's class, for each model: each sample is left out in turn (Wu et al. 2018).
 * @param all each model's embeddings of the same samples
 */
export async function measureNeighborClasses(
  all: readonly Vectors[],
  labels: ArrayLike<number>,
  classes: number,
  { reference, seed, ...draws }: Draws & { readonly reference: number; readonly seed: number },
): Promise<NeighborClasses[]> {
  const right = all.map((vectors) => votesOf(vectors, labels, classes));
  const found: NeighborClasses[] = [];
  for (const own of right) {
    const hits = own.filter(Boolean).length;
    const isReference = own === right[reference];
    found.push({
      samples: own.length,
      voters: Math.min(NEIGHBORS, own.length - 1),
      errors: own.length - hits,
      accuracy: wilsonEstimate(hits, own.length)!,
      difference: isReference ? null : await differenceOf(own, right[reference]!, seed, draws),
    });
  }
  return found;
}

async function differenceOf(
  own: readonly boolean[],
  theirs: readonly boolean[],
  seed: number,
  { resamples = 1000, onResample }: Draws,
): Promise<Estimate> {
  const gains = own.map((isRight, row) => Number(isRight) - Number(theirs[row]));
  const sum = (rows: Iterable<number>) => Array.from(rows, (row) => gains[row]!).reduce((a, b) => a + b, 0);
  const resampled: number[] = [];
  await bootstrap(gains.length, resamples, seed, async (drawn) => {
    resampled.push(sum(drawn) / gains.length);
    await onResample?.();
  });
  return percentileEstimate(sum(gains.keys()) / gains.length, resampled);
}
