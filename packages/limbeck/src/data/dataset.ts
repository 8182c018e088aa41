import type { SoundShape } from "./audio/signal/features.js";
import type { Moments } from "./moments/moments.js";
import type { Samples } from "./samples/samples.js";
import type { TextShape } from "./texts/encode.js";

/** The size of one image: `channels × height × width` values. A row of a table has a channel for each column, and one place. */
export interface ImageGeometry {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Of rows and windows: by these, networks standardize what they take. Images are taken as they are. */
  readonly moments?: Moments;
  /** Of sounds: the same, of all numbers together. */
  readonly spread?: Pick<Moments, "mean" | "std">;
  /** Of sounds: what samples were made of. Height and width are bands and times, or 1 and times. */
  readonly sound?: SoundShape | undefined;
  /** Where there are no classes, how many numbers the embedding has that models answer with. Default: one logit for each class. */
  readonly embedding?: number;
}

/** Labelled images, rows or windows. Never changed after loading: parts of it are {@link Split}s. */
export interface ImageDataset extends ImageGeometry {
  readonly name: string;
  /** How many samples. */
  readonly size: number;
  /** Class names; a label is a position in this list. */
  readonly classes: readonly string[];
  /** `[size, channels, height, width]`: 0 … 255 of images; numbers of rows, windows and sounds, as they are. */
  readonly pixels: Samples;
  /** Of rows, windows and sounds: the names of their columns, one for each channel. */
  readonly columns?: readonly string[];
  /** Of texts: what samples were made of. They have one column, of bytes. */
  readonly text?: TextShape;
  /** `[size]`, of texts: as they were written. */
  readonly texts?: readonly string[];
  /** `[size]`: samples of one group, such as a machine's windows, are either learned from or tested, not both. */
  readonly groups?: Uint32Array;
  /** `[size]`, each less than `classes.length`. */
  readonly labels: Uint8Array;
  /** So many samples, the first ones, have labels of their own; those of the others are a teacher's answers. Default: all. */
  readonly labelled?: number;
  /** `[size]`, where samples are files: where they lie. */
  readonly paths?: readonly string[];
  /** Where there are no classes: those that the source knows all the same. No model learns from them; evaluations look at them. */
  readonly kinds?: Kinds | undefined;
}

/** Classes of samples, and the class of each. */
export type Kinds = Pick<ImageDataset, "classes" | "labels">;

/** How many numbers models answer with. */
export function answerWidth({ embedding, classes }: Pick<ImageDataset, "embedding" | "classes">): number {
  return embedding ?? classes.length;
}

/** Some samples of a data set, in an order of their own: a view, nothing is copied. */
export interface Split {
  readonly dataset: ImageDataset;
  /** Positions in the data set. */
  readonly indices: Uint32Array;
}

/** Labels are bytes. */
export const MOST_CLASSES = 256;

/** What one of a data set's samples is called. */
export function sampleName({ height, width, columns, sound, text }: SampleShape): SampleName {
  if (sound) return "sound";
  if (text) return "text";
  if (!columns) return "image";
  return height * width > 1 ? "window" : "row";
}

/** What there is a name for. */
export type SampleName = "image" | "row" | "window" | "sound" | "text";

type SampleShape = Pick<ImageGeometry, "height" | "width" | "sound"> & {
  readonly columns?: readonly string[] | undefined;
  readonly text?: TextShape | undefined;
};

/** The number of values of one image. */
export function sampleLength(geometry: Pick<ImageGeometry, "channels" | "height" | "width">): number {
  return geometry.channels * geometry.height * geometry.width;
}

/** Every sample of a data set, in its own order. */
export function wholeSplit(dataset: ImageDataset): Split {
  return { dataset, indices: Uint32Array.from({ length: dataset.size }, (_, i) => i) };
}

/** Those of a split's samples that have labels of their own, and those that only a teacher has labelled, in its order. */
export function byLabelling({ dataset, indices }: Split): { readonly labelled: Split; readonly others: Split } {
  const { labelled = dataset.size } = dataset;
  const part = (isLabelled: boolean) => ({
    dataset,
    indices: indices.filter((index) => index < labelled === isLabelled),
  });
  return { labelled: part(true), others: part(false) };
}

/** The same samples, those that have no labels of their own with a teacher's. @param answers one for each of them */
export function withAnswers(samples: ImageDataset, answers: Uint8Array): ImageDataset {
  const labels = samples.labels.slice();
  labels.set(answers, samples.labelled);
  return { ...samples, labels };
}

/** The samples at the given positions *of the split* (not of the data set), in that order. */
export function pick(split: Split, positions: Uint32Array): Split {
  return { dataset: split.dataset, indices: positions.map((position) => split.indices[position]!) };
}

/** The labels of a split's samples, in its order. */
export function splitLabels(split: Split): Uint8Array {
  return Uint8Array.from(split.indices, (index) => split.dataset.labels[index]!);
}
