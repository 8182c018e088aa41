import { bootstrap } from "../bootstrap.js";
import { percentileEstimate } from "../intervals.js";
import { mean, spread } from "../statistics.js";
import type { EmbeddingMeasures, Measure } from "./results.js";
import { nearest, recalls } from "./retrieval.js";
import { cosines, countOf, meanVector, repeated, squaredDistances, takeVectors, type Vectors } from "./vectors.js";

/** Neighbors that are looked for. */
export const DEPTHS = [1, 10] as const;

/** How often samples are drawn again. */
export interface Draws {
  /** Default 1,000. */
  readonly resamples?: number;
  /** Is called after each draw, and may wait. */
  readonly onResample?: () => Promise<void>;
}

/** Figures of {@link measureEmbeddings}, each of which has draws of its own. */
export const FIGURES = 5;

/** The teacher's embeddings of the test samples, and what follows from them. */
export interface EmbeddingReference {
  readonly vectors: Vectors;
  /** Test samples among which neighbors are looked for. */
  readonly places: Uint32Array;
  readonly neighbors: readonly Uint32Array[];
  /** Mean squared distance of its embeddings from their mean. */
  readonly variance: number;
}

/** @param places of the samples among which neighbors are looked for */
export function embeddingReference(vectors: Vectors, places: Uint32Array): EmbeddingReference {
  const center = repeated(meanVector(vectors), countOf(vectors));
  return {
    vectors,
    places,
    neighbors: nearest(takeVectors(vectors, places), Math.max(...DEPTHS)),
    variance: mean(squaredDistances(vectors, center)),
  };
}

/** Compares embeddings of the test samples with the teacher's. @param seeds one entry a seed @param seed of the bootstrap's draws, which are the same for all models */
export async function measureEmbeddings(
  { vectors, places, neighbors, variance }: EmbeddingReference,
  seeds: readonly Vectors[],
  seed: number,
  draws: Draws = {},
): Promise<EmbeddingMeasures> {
  const measure = (each: readonly (readonly number[])[]) => estimated(each, seed, draws);
  const isAlike = seeds.every(({ width }) => width === vectors.width);
  const errors = isAlike ? seeds.map((own) => squaredDistances(vectors, own)) : [];
  const scaled = (scale: number) => measure(errors.map((own) => own.map((error) => error / scale)));
  const found = seeds.map((own) => nearest(takeVectors(own, places), Math.max(...DEPTHS)));
  const recall = (depth: number) => measure(found.map((own) => recalls(neighbors, own, depth)));
  const hasNeighbors = places.length > 1 && ![vectors, ...seeds].some(areOne);
  return {
    cosine: isAlike ? await measure(seeds.map((own) => cosines(vectors, own))) : null,
    squaredError: isAlike ? await scaled(vectors.width) : null,
    relativeError: isAlike && variance > 0 ? await scaled(variance) : null,
    recall1: hasNeighbors ? await recall(DEPTHS[0]) : null,
    recall10: hasNeighbors ? await recall(DEPTHS[1]) : null,
  };
}

/** Whether all vectors are the same, and none is nearer than another. */
export function areOne(vectors: Vectors): boolean {
  const { values, width } = vectors;
  return values.every((value, i) => value === values[i % width]);
}

/** @param seeds one number for each sample, one entry a seed */
async function estimated(
  seeds: readonly (readonly number[])[],
  seed: number,
  { resamples = 1000, onResample }: Draws,
): Promise<Measure> {
  const samples = seeds[0]!.map((_, row) => mean(seeds.map((own) => own[row]!)));
  const resampled: number[] = [];
  await bootstrap(samples.length, resamples, seed, async (drawn) => {
    resampled.push(drawn.reduce((sum, row) => sum + samples[row]!, 0) / drawn.length);
    await onResample?.();
  });
  const { low, high } = percentileEstimate(mean(samples), resampled);
  return { ...spread(seeds.map(mean)), low, high };
}
