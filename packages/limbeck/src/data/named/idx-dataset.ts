import type { ImageDataset } from "../dataset.js";
import { loadIdxPair } from "../idx.js";
import { locateFiles } from "../locate.js";
import type { PublishedFile } from "../published.js";
import type { NamedDataset } from "./named.js";

/** What distinguishes one data set in MNIST's format from another. */
export interface IdxDatasetRecord {
  readonly name: string;
  readonly description: string;
  readonly license: string;
  readonly hub: string;
  readonly source: string;
  readonly classes: readonly string[];
  readonly files: Readonly<Record<"trainImages" | "trainLabels" | "testImages" | "testLabels", PublishedFile>>;
}

/** A named data set of four idx files: training and test images, and their labels. */
export function idxDataset(record: IdxDatasetRecord): NamedDataset {
  const { name, description, license, hub, source, classes } = record;
  const { trainImages, trainLabels, testImages, testLabels } = record.files;
  const files = [trainImages, trainLabels, testImages, testLabels];
  return {
    name,
    description,
    license,
    hub,
    source,
    classes,
    files,
    async load(context = {}) {
      const located = await locateFiles(name, files, context);
      const read = (images: PublishedFile, labels: PublishedFile): ImageDataset =>
        loadIdxPair(located.get(images.name)!.path, located.get(labels.name)!.path, { name, classes });
      const { edition } = located.get(trainImages.name)!;
      return { train: read(trainImages, trainLabels), test: read(testImages, testLabels), edition };
    },
  };
}
