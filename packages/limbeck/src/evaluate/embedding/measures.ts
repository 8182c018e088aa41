import { bootstrap } from "../bootstrap.js";
import { percentileEstimate } from "../intervals.js";
import { mean, spread } from "../statistics.js";
import type { EmbeddingMeasures, Measure } from "./results.js";
import { nearest, recalls } from "./retrieval.js";
import { cosines, countOf, meanVector, repeated, squaredDistances, type Vectors, vectorAt } from "./vectors.js";

/** Neighbors that are looked for. */
export const DEPTHS = [1, 10] as const;

const RESAMPLES = 1000;

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

/** Compares embeddings of the test samples with the teacher's. @param seeds one entry a seed @param seed of the bootstrap */
export async function measureEmbeddings(
  { vectors, places, neighbors, variance }: EmbeddingReference,
  seeds: readonly Vectors[],
  seed: number,
): Promise<EmbeddingMeasures> {
  const measure = (each: readonly (readonly number[])[]) => estimated(each, seed);
  const isAlike = seeds.every(({ width }) => width === vectors.width);
  const errors = isAlike ? seeds.map((own) => squaredDistances(vectors, own)) : [];
  const scaled = (scale: number) => measure(errors.map((own) => own.map((error) => error / scale)));
  const found = seeds.map((own) => nearest(takeVectors(own, places), Math.max(...DEPTHS)));
  const recall = (depth: number) => measure(found.map((own) => recalls(neighbors, own, depth)));
  const hasNeighbors = places.length > 1 && !seeds.some(isConstant);
  return {
    cosine: isAlike ? await measure(seeds.map((own) => cosines(vectors, own))) : null,
    squaredError: isAlike ? await scaled(vectors.width) : null,
    relativeError: isAlike && variance > 0 ? await scaled(variance) : null,
    recall1: hasNeighbors ? await recall(DEPTHS[0]) : null,
    recall10: hasNeighbors ? await recall(DEPTHS[1]) : null,
  };
}

function isConstant(vectors: Vectors): boolean {
  const { values, width } = vectors;
  return values.every((value, i) => value === values[i % width]);
}

function takeVectors(vectors: Vectors, places: Uint32Array): Vectors {
  const { width } = vectors;
  const values = new Float32Array(places.length * width);
  places.forEach((place, i) => {
    values.set(vectorAt(vectors, place), i * width);
  });
  return { values, width };
}

/** @param seeds one number for each sample, one entry a seed */
async function estimated(seeds: readonly (readonly number[])[], seed: number): Promise<Measure> {
  const samples = seeds[0]!.map((_, row) => mean(seeds.map((own) => own[row]!)));
  const resampled: number[] = [];
  await bootstrap(samples.length, RESAMPLES, seed, (drawn) => {
    resampled.push(drawn.reduce((sum, row) => sum + samples[row]!, 0) / drawn.length);
  });
  const { low, high } = percentileEstimate(mean(samples), resampled);
  return { ...spread(seeds.map(mean)), low, high };
}
