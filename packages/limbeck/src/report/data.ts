import type { CorruptFile } from "../data/folders/reader.js";
import type { RunResults } from "../evaluate/results.js";

/** One learning curve: errors on held-out samples after each measured epoch. */
export interface Curve {
  readonly arm: "teacher" | "student" | "baseline";
  /** Null for the main comparison. */
  readonly variant: string | null;
  readonly seed: number;
  readonly points: readonly { readonly epoch: number; readonly loss: number; readonly errors: number | null }[];
}

/** A test image or text, and what the models say of it. */
export interface DarkKnowledgeSample {
  /** Of an image: channels × height × width, 0 … 255; or the beginning of a text. */
  readonly shown: Uint8Array | string;
  readonly label: number;
  /** Teacher's distribution at temperature 1, one entry a class. */
  readonly teacher: readonly number[];
  /** Teacher's distribution at the recipe's temperature. */
  readonly soft: readonly number[];
  /** Student's distribution at temperature 1. */
  readonly student: readonly number[];
}

/** What was made for a student, and the teacher's classes of it. */
export interface GeneratedSamples {
  /** Who made them, in a sentence without its period. */
  readonly maker: string;
  /** Whether training samples went into them. */
  readonly fromSamples: boolean;
  /**
   * By class, then by how sure the teacher is. Channels × height × width, 0 … 255, cut off at black and white; of rows
   * and windows, numbers.
   */
  readonly shown: readonly {
    readonly pixels: Uint8Array | Float32Array;
    readonly label: number;
    readonly share: number;
  }[];
  /** Of rows and windows: each column's mean and deviation, as they were stored with the teacher and as they were made. */
  readonly columns?: readonly {
    readonly name: string;
    readonly stored: MeanAndStd;
    readonly made: MeanAndStd;
  }[];
  /** How many images the teacher takes for each class, of more than are shown. */
  readonly counts: readonly number[];
  /** Data set of the control with real images of something else. */
  readonly related?: string;
}

interface MeanAndStd {
  readonly mean: number;
  readonly std: number;
}

/** Confusion matrix: rows are true classes, columns are predictions. */
export type Confusion = readonly (readonly number[])[];

/** What a report says of any run. */
export interface ReportFacts {
  readonly name: string;
  readonly description: string;
  /** ISO date and time at which the run began. */
  readonly createdAt: string;
  /** All phases together, those that were taken over from other runs included. */
  readonly seconds: number;
  /** In which share of the time of all trainings the engine waited for samples; missing where none took any. */
  readonly waited?: number | undefined;
  /** Phases whose results are other runs': names of the runs, and the seconds that the phases took there. */
  readonly reused: readonly { readonly phase: string; readonly run: string; readonly seconds: number }[];
  /** Resolved recipe, as YAML. */
  readonly recipe: string;
  /** Teachers that were read from files instead of being trained. */
  readonly teachers: readonly { readonly file: string; readonly sha256: string }[];
  /** Files whose networks were trained further, or gave first values, by where the recipe names them. Default: none. */
  readonly files?: readonly { readonly where: string; readonly sha256: string }[];
  /** Commits of the hub's repositories that were read, by the addresses in the recipe. Default: none. */
  readonly commits?: Readonly<Record<string, string>> | undefined;
  /** What a teacher is called that was only asked; missing where it is a network. */
  readonly asked?: string | undefined;
  readonly data: { readonly source: string; readonly train: number; readonly transfer: number; readonly test: number };
  /** What the student learns from, in words: "kd (temperature 4)". */
  readonly losses: readonly string[];
  readonly epochs: number;
  /** Whom the student learns from: "the teacher". */
  readonly mentor: string;
  readonly curves: readonly Curve[];
  readonly environment: {
    readonly limbeck: string;
    readonly node: string;
    readonly onnxruntime: string;
    readonly cpu: string;
    readonly threads: number;
  };
}

/** All that the report of a classification shows. */
export interface ReportData extends ReportFacts {
  readonly classes: readonly string[];
  readonly image: { readonly channels: number; readonly height: number; readonly width: number };
  /** Where samples are rows or windows, the names of their columns. */
  readonly columns?: readonly string[] | undefined;
  /** What `distill: auto` chose and why, for the main comparison and for variants. */
  readonly chosen: readonly {
    readonly variant: string | null;
    readonly terms: readonly string[];
    readonly reasons: readonly string[];
  }[];
  readonly temperature: number;
  readonly results: RunResults;
  readonly samples: readonly DarkKnowledgeSample[];
  /** Pixels of a sample by its position in the data set; missing of rows and windows. */
  readonly pictures?: { train(index: number): Uint8Array; test(index: number): Uint8Array } | undefined;
  /** Images that could not be decoded and were left out. */
  readonly corrupt?: readonly CorruptFile[] | undefined;
  /** Of a data-free scheme. */
  readonly generated?: GeneratedSamples | undefined;
  readonly confusion: {
    readonly teacher: Confusion | null;
    readonly student: Confusion;
    readonly baseline: Confusion | null;
  };
}
