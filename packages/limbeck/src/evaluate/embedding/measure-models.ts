import type { Split } from "../../data/dataset.js";
import type { FileModel, FileModelSource } from "../file-model/file-model.js";
import { type MeasureOptions, ModelPhases } from "../model-phases.js";
import type { EmbeddedModel, EmbeddingComparison, NeighborClasses } from "./evaluation.js";
import { embeddingReference, FIGURES, measureEmbeddings } from "./measures.js";
import { movedSamples, type Placed } from "./moved.js";
import { measureNeighborClasses } from "./neighbor-classes.js";
import { neighborPlaces } from "./places.js";
import type { EmbeddingMeasures, Measure } from "./results.js";
import { measureEmbeddingRobustness } from "./robustness.js";
import { takeVectors, type Vectors } from "./vectors.js";

/** Classes of the samples, and the class of each, by its place in the split. */
export interface KnownClasses {
  readonly classes: readonly string[];
  readonly labels: ArrayLike<number>;
}

/**
 * Measures models that embed on the same samples.
 * @param known nothing where the samples have no classes
 * @throws LimbeckError FILE_MISSING, FILE_UNREADABLE, MODEL_FAILED, MODEL_MISMATCH
 * @throws the signal's reason once it is aborted
 */
export async function measureEmbedders(
  sources: readonly FileModelSource[],
  split: Split,
  known: KnownClasses | undefined,
  options: MeasureOptions,
): Promise<EmbeddedModel[]> {
  const { reference, seed } = options;
  const phases = new ModelPhases(sources, split, options);
  try {
    await phases.open("embedding");
    const { models } = phases;
    const ask = (model: FileModel, images: Float32Array, count: number) => model.vectors(images, count);
    const values = await phases.answers(({ width }) => width, ask);
    const vectors = models.map(({ width }, m) => ({ values: values[m]!, width }));
    const draws = (models.length - 1) * (FIGURES + (known ? 1 : 0)) * options.resamples;
    const { comparisons, neighbors } = await phases.progress.phase("statistics", "draws", draws, (at) =>
      compareAll(vectors, split, known, { ...options, at }),
    );
    const robustness = await phases.robustness((some, at) =>
      measureEmbeddingRobustness(models, reference, some, seed, at),
    );
    const costs = await phases.costs();
    return models.map((model, m) => ({
      name: model.name,
      path: model.path,
      sha256: model.sha256,
      answers: "embedding",
      dimensions: model.width,
      neighbors: neighbors?.[m] ?? null,
      comparison: comparisons[m]!,
      robustness: robustness?.[m] ?? null,
      cost: costs[m] ?? null,
    }));
  } finally {
    await phases.release();
  }
}

interface Compared {
  readonly comparisons: readonly (EmbeddingComparison | null)[];
  readonly neighbors: readonly NeighborClasses[] | undefined;
}

async function compareAll(
  all: readonly Vectors[],
  split: Split,
  known: KnownClasses | undefined,
  { reference: m, seed, resamples, at }: MeasureOptions & { at: (step: number) => Promise<void> },
): Promise<Compared> {
  let done = 0;
  const draws = { resamples, onResample: () => at(++done) };
  const reference = embeddingReference(all[m]!, neighborPlaces(split, seed));
  const { places } = reference;
  const placed: Placed = { indices: split.indices, labels: known?.labels };
  const comparisons: (EmbeddingComparison | null)[] = [];
  for (const own of all) {
    const isOther = own !== all[m];
    const measures = isOther ? await measureEmbeddings(reference, [own], seed, draws) : null;
    comparisons.push(measures && { ...estimatesOf(measures), moved: movedSamples(reference, own, placed) });
  }
  if (!known || places.length < 2) return { comparisons, neighbors: undefined };
  const some = all.map((own) => takeVectors(own, places));
  const labels = Array.from(places, (place) => known.labels[place]!);
  const options = { ...draws, reference: m, seed };
  return { comparisons, neighbors: await measureNeighborClasses(some, labels, known.classes.length, options) };
}

function estimatesOf({ cosine, squaredError, relativeError, recall1, recall10 }: EmbeddingMeasures) {
  const estimate = (measure: Measure | null) =>
    measure && { value: measure.mean, low: measure.low, high: measure.high };
  return {
    cosine: estimate(cosine),
    squaredError: estimate(squaredError),
    relativeError: estimate(relativeError),
    recall1: estimate(recall1),
    recall10: estimate(recall10),
  };
}
