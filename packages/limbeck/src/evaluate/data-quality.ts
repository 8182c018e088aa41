/** What a run found in its data; plain data. */
export interface DataQuality {
  readonly classes: readonly ClassCount[];
  readonly duplicates: Duplicates;
  readonly labels: { readonly train: LabelCheck; readonly test: LabelCheck };
}

/** How many samples with labels of their own a class has. */
export interface ClassCount {
  readonly name: string;
  readonly train: number;
  readonly test: number;
}

/** Samples for testing that are samples to learn from as well, or nearly. */
export interface Duplicates {
  /** Samples for testing. */
  readonly tested: number;
  /** How many of them equal a training sample, value by value. */
  readonly equal: number;
  /** How many more of them nearly do; null where that was not looked for. */
  readonly near: number | null;
  /** Why it was not. */
  readonly reason: string | null;
  /** Images for testing that are of one plain color, or nearly so, and were not compared. */
  readonly flat: number;
  /** The pairs that are most alike. */
  readonly worst: readonly DuplicatePair[];
}

export interface DuplicatePair {
  readonly test: NamedSample;
  readonly train: NamedSample;
  /** Correlation of the images' details; 1 of equal samples. */
  readonly likeness: number;
}

/** A sample, so that a person finds it. */
export interface NamedSample {
  /** Position in the data set, counted from 0. */
  readonly index: number;
  /** Name of its class; null where only a teacher has labelled it. */
  readonly label: string | null;
  /** Where the file lies; missing where samples are no files. */
  readonly path?: string;
  /** The beginning of a text. */
  readonly text?: string;
}

/** Labels that a teacher confidently contradicts, in one part of the data. */
export interface LabelCheck {
  /** Samples that it was asked about; 0 where its answers would tell nothing. */
  readonly asked: number;
  /** Why it was not asked, or how its answers are to be taken. */
  readonly note: string | null;
  readonly doubted: number;
  /** The most doubtful ones. */
  readonly worst: readonly DoubtedSample[];
}

export interface DoubtedSample extends NamedSample {
  /** What the teacher takes it for. */
  readonly answer: string;
  readonly probability: number;
  /** That of the label. */
  readonly labelProbability: number;
}

/** The largest class has so many times the samples of the smallest one that has any before a word is lost on it. */
export const MOST_IMBALANCE = 10;
