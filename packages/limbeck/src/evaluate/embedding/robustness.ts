import type { Split } from "../../data/dataset.js";
import { type ChangedBatch, overChanges } from "../changed-images.js";
import type { FileModel } from "../file-model/file-model.js";
import { mean } from "../statistics.js";
import type { EmbeddingRobustness } from "./evaluation.js";
import { cosines, type Vectors } from "./vectors.js";

/**
 * How like the reference's embeddings of changed images a model's are, and how like its own of the same images before; all models see
 * the same.
 * @param split images
 * @param onImages is called with how many images have been answered, all passes counted
 */
export async function measureEmbeddingRobustness(
  models: readonly FileModel[],
  reference: number,
  split: Split,
  seed: number,
  onImages: (done: number) => Promise<void>,
): Promise<EmbeddingRobustness[]> {
  const samples = split.indices.length;
  let before: readonly Vectors[] | undefined;
  const { clean, changes } = await overChanges(split, seed, onImages, async (batches) => {
    const vectors = await embedAll(models, samples, batches);
    before ??= vectors;
    return vectors.map((own, m) => ({
      cosine: m === reference ? null : meanCosine(vectors[reference]!, own),
      kept: meanCosine(before![m]!, own)!,
    }));
  });
  return models.map((_, m) => {
    const of = changes.map(({ severities, ...change }) => ({
      ...change,
      severities: severities.map(({ strength, figure }) => ({ strength, ...figure[m]! })),
    }));
    const all = of.flatMap(({ severities }) => severities);
    const { cosine } = clean[m]!;
    const meanOfCosines = cosine === null ? null : mean(all.map((one) => one.cosine!));
    return { samples, clean: cosine, mean: meanOfCosines, kept: mean(all.map(({ kept }) => kept)), changes: of };
  });
}

function meanCosine(a: Vectors, b: Vectors): number | null {
  return a.width === b.width ? mean(cosines(a, b)) : null;
}

async function embedAll(models: readonly FileModel[], samples: number, batches: AsyncIterable<ChangedBatch>) {
  const all = models.map(({ width }) => ({ values: new Float32Array(samples * width), width }));
  for await (const { first, count, images } of batches) {
    for (const [m, { values, width }] of all.entries()) {
      values.set(await models[m]!.vectors(images, count), first * width);
    }
  }
  return all;
}
