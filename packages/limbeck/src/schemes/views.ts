import type { Graph } from "@limbeck/graph";
import { prepareAugmentation, type SampleChanges } from "../data/augment/index.js";
import type { ImageGeometry } from "../data/dataset.js";
import { BatchMixer, isMixing, mixesImages, prepareMixing } from "../data/mix/index.js";
import type { MixedLabels } from "../losses/loss.js";
import type { TrainOptions } from "../recipe/schema.js";

/** What makes views of samples: changes of single images, and then of whole batches. */
export interface ViewMakers {
  readonly changes: SampleChanges;
  readonly mixer: BatchMixer | undefined;
}

/** Prepares the augmentations of a training. */
export function viewMakers(
  { augment, batchSize }: Pick<TrainOptions, "augment" | "batchSize">,
  geometry: ImageGeometry,
  seed: number,
): ViewMakers {
  const named = augment.map(({ name, ...options }) => ({ name: String(name), options }));
  const single = named.filter(({ name }) => !isMixing(name));
  const mixings = named.filter(({ name }) => isMixing(name));
  return {
    changes: single.map(({ name, options }) => prepareAugmentation(name, options)),
    mixer:
      mixings.length > 0
        ? new BatchMixer(
            mixings.map(({ name, options }) => prepareMixing(name, options)),
            geometry,
            batchSize,
            seed,
          )
        : undefined,
  };
}

/** Whether single images are changed, so that there are different views of one. */
export function changesImages(augment: TrainOptions["augment"]): boolean {
  return augment.some(({ name }) => !isMixing(String(name)));
}

/** The inputs of mixed labels, where the training mixes images. */
export function mixedLabels(graph: Graph, { augment, batchSize }: TrainOptions): MixedLabels | undefined {
  if (!mixesImages(augment)) return undefined;
  return {
    labels: graph.input("otherLabels", "int64", [batchSize]),
    share: graph.input("labelShares", "float32", [batchSize, 1]),
  };
}

/** What mixed labels are fed with, by the names of {@link mixedLabels}. */
export function mixedFeeds(mixer: BatchMixer | undefined) {
  return mixer ? { otherLabels: mixer.otherLabels, labelShares: mixer.shares } : {};
}
