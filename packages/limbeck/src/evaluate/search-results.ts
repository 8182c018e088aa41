import type { ModelChoice } from "../models/index.js";
import type { Spread } from "./results.js";

/** What a student must keep to. */
export interface SearchLimits {
  /** Largest ONNX file, in bytes. */
  readonly maxBytes?: number | undefined;
  /** Longest time for one sample on one thread, in milliseconds. */
  readonly maxLatencyMs?: number | undefined;
  /** Smallest share of the teacher's accuracy, 0 … 1. */
  readonly minRetention?: number | undefined;
}

/** A student before any training. */
export interface Candidate {
  readonly name: string;
  readonly model: ModelChoice;
  readonly parameters: number;
  /** Multiply-accumulate pairs for one sample. */
  readonly macs: number;
  /** Size of the ONNX file, float32. */
  readonly bytes: number;
  /** Median time of one sample on one thread. */
  readonly latencyMs: number;
  /** Why it is not trained; null where it is. */
  readonly excluded: "too large" | "too slow" | null;
}

/** How good a candidate was in a round, on the samples that were held out for that. */
export interface Round {
  readonly epochs: number;
  /** Share of samples classified correctly, 0 … 1. */
  readonly accuracy: number;
  /** The same divided by the teacher's; null without a teacher. */
  readonly retention: number | null;
}

/** What a finalist came to, trained as the recipe says and tested on the test part. */
export interface Final {
  /** Its run folder, relative to the search's. */
  readonly run: string;
  readonly errors: readonly number[];
  readonly accuracy: Spread;
  readonly retention: number | null;
  readonly bytes: number;
  readonly latencyMs: number;
  readonly peakMemoryBytes: number;
  /** No other finalist is at least as good in quality, size and time. */
  readonly isFront: boolean;
}

/** A candidate with the rounds that it went through. */
export interface Racer extends Candidate {
  readonly rounds: readonly Round[];
}

export interface SearchedStudent extends Racer {
  readonly final: Final | null;
}

/** What a search found. */
export interface SearchResults {
  readonly limits: SearchLimits;
  /** Test accuracy of the teacher of the finals; null without one. */
  readonly teacherAccuracy: number | null;
  /** From the smallest to the largest. */
  readonly students: readonly SearchedStudent[];
  /** The student to take; null where none keeps the limits. Chosen on held-out samples, before anything was tested. */
  readonly chosen: string | null;
  /** The same in a sentence. */
  readonly sentence: string;
}

/** How many epochs the rounds of a search took, from the first to the last. */
export function roundEpochs({ students }: Pick<SearchResults, "students">): number[] {
  const rounds = students.map((student) => student.rounds);
  const longest = rounds.reduce((a, b) => (b.length > a.length ? b : a));
  return longest.map(({ epochs }) => epochs);
}
