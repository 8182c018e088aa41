import type { Split } from "../data/dataset.js";
import { type ChangedBatch, overChanges } from "./changed-images.js";
import type { Robustness } from "./evaluation.js";
import type { FileModel } from "./file-model/file-model.js";
import { topClasses } from "./metrics.js";
import { mean } from "./statistics.js";

/**
 * Accuracy of models on images that were changed; all models see the same.
 * @param split images
 * @param onImages is called with how many images have been answered, all passes counted
 */
export async function measureRobustness(
  models: readonly FileModel[],
  split: Split,
  seed: number,
  onImages: (done: number) => Promise<void>,
): Promise<Robustness[]> {
  const samples = split.indices.length;
  const { clean, changes } = await overChanges(split, seed, onImages, async (batches) => {
    const right = models.map(() => 0);
    for await (const batch of batches) {
      for (const [m, model] of models.entries()) right[m]! += await countRight(model, split, batch);
    }
    return right.map((count) => count / samples);
  });
  return models.map((_, m) => ({
    samples,
    clean: clean[m]!,
    mean: mean(changes.flatMap(({ severities }) => severities.map(({ figure }) => figure[m]!))),
    changes: changes.map(({ severities, ...change }) => ({
      ...change,
      severities: severities.map(({ strength, figure }) => ({ strength, accuracy: figure[m]! })),
    })),
  }));
}

async function countRight(model: FileModel, { dataset, indices }: Split, { first, count, images }: ChangedBatch) {
  const tops = topClasses(await model.logits(images, count), dataset.classes.length);
  return tops.reduce((sum, top, i) => sum + (top === dataset.labels[indices[first + i]!] ? 1 : 0), 0);
}
