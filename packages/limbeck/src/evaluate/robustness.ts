import { randomStream } from "@limbeck/graph";
import type { Corrupt } from "../data/corruptions/corruption.js";
import { CORRUPTIONS } from "../data/corruptions/index.js";
import { type Split, sampleLength } from "../data/dataset.js";
import { sampleAt } from "../data/samples/samples.js";
import type { Robustness } from "./evaluation.js";
import type { FileModel } from "./file-model/file-model.js";
import { topClasses } from "./metrics.js";
import { mean } from "./statistics.js";

/** Images that are changed at a time. */
const BATCH = 32;

/** How many times all images are gone through. */
export const ROBUSTNESS_PASSES: number = 1 + CORRUPTIONS.reduce((sum, { severities }) => sum + severities.length, 0);

const asIs: Corrupt = (image) => image;

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
  let done = 0;
  const pass = async (apply: Corrupt, ...key: readonly (string | number)[]) => {
    const right = models.map(() => 0);
    for (let first = 0; first < samples; first += BATCH) {
      const count = Math.min(BATCH, samples - first);
      const images = await changed(split, first, count, (image, index) =>
        apply(image, split.dataset, randomStream(seed, "corruption", ...key, index)),
      );
      for (const [m, model] of models.entries()) right[m]! += await countRight(model, split, first, images, count);
      done += count;
      await onImages(done);
    }
    return right.map((count) => count / samples);
  };
  const clean = await pass(asIs);
  const accuracies: {
    name: string;
    meaning: string;
    severities: { strength: string; accuracy: readonly number[] }[];
  }[] = [];
  for (const { name, meaning, severities } of CORRUPTIONS) {
    const found = [];
    for (const [i, { strength, apply }] of severities.entries()) {
      found.push({ strength, accuracy: await pass(apply, name, i) });
    }
    accuracies.push({ name, meaning, severities: found });
  }
  return models.map((_, m) => ({
    samples,
    clean: clean[m]!,
    mean: mean(accuracies.flatMap(({ severities }) => severities.map(({ accuracy }) => accuracy[m]!))),
    changes: accuracies.map(({ name, meaning, severities }) => ({
      name,
      meaning,
      severities: severities.map(({ strength, accuracy }) => ({ strength, accuracy: accuracy[m]! })),
    })),
  }));
}

/** Changed images [count, C, H, W], 0 … 1. @param change gets an image and its position in the data set */
async function changed(
  { dataset, indices }: Split,
  first: number,
  count: number,
  change: (image: Uint8Array, index: number) => Uint8Array | Promise<Uint8Array>,
): Promise<Float32Array> {
  const length = sampleLength(dataset);
  const images = new Float32Array(count * length);
  for (let i = 0; i < count; i++) {
    const index = indices[first + i]!;
    const image = sampleAt(dataset, index) as Uint8Array;
    const result = await change(image, index);
    for (let at = 0; at < length; at++) images[i * length + at] = result[at]! / 255;
  }
  return images;
}

async function countRight(
  model: FileModel,
  { dataset, indices }: Split,
  first: number,
  images: Float32Array,
  count: number,
) {
  const tops = topClasses(await model.logits(images, count), dataset.classes.length);
  return tops.reduce((sum, top, i) => sum + (top === dataset.labels[indices[first + i]!] ? 1 : 0), 0);
}
