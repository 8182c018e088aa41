import type { CorruptFile, FilesPlan } from "../data/folders/reader.js";
import type { RunResults } from "../evaluate/results.js";
import type { TrainEvent } from "../train/events.js";
import type { WorkOrigin } from "./finished-work.js";
import type { AutoTerms } from "./folder.js";

/** A part of a run that shows progress of its own. */
export interface Phase {
  /** Such as `teacher`, `label`, `student/seed-1`, `few-epochs/baseline/seed-2`, `evaluate`. */
  readonly id: string;
  /** For people. */
  readonly label: string;
}

/** A phase is over. */
export interface PhaseEnd {
  readonly type: "phase-end";
  readonly phase: string;
  readonly seconds: number;
  /** Seconds of them in which the engine waited for samples; of trainings. */
  readonly waited?: number | undefined;
  /** Nothing was computed: the result was there from before, or another run's was taken over. */
  readonly reused: boolean;
  /** Whose result was taken over; `seconds` are then those that it took there. */
  readonly from?: WorkOrigin;
  /** Peak resident memory of the process that trained, up to the end of this training. */
  readonly peakMemoryBytes?: number;
}

/** How the teacher's answers are kept. */
interface StoredAnswers {
  readonly path: string;
  readonly samples: number;
  /** Logits of a sample: as many as classes, or those of all specialists. */
  readonly classes: number;
  readonly dtype: "float32" | "float16";
  /** Logits that are kept of each sample; null: all. */
  readonly top: number | null;
  /** Classes that are drawn for each sample, in place of logits; null: none. */
  readonly draws: number | null;
  /** Size of what is kept, without the file's header; of draws, the most that they can take. */
  readonly bytes: number;
}

/** What labelling is about to write. */
export interface LabelPlan extends StoredAnswers {
  readonly type: "label-plan";
}

/** What came of a run that was to label only. */
export type LabelsEvent =
  | ({ readonly type: "labels" } & StoredAnswers)
  | { readonly type: "labels"; readonly path: null /** Why nothing was labelled. */; readonly reason: string };

/** Files are about to be decoded. */
export interface DataPlan extends FilesPlan {
  readonly type: "data-plan";
}

/** Files that could not be decoded were left out. */
export interface DataSkipped {
  readonly type: "data-skipped";
  /** What a file is called, such as `image`. */
  readonly noun: string;
  readonly corrupt: readonly CorruptFile[];
}

/** All that a run tells, in order. Terminal, `metrics.jsonl`, studio and tests read the same stream. */
export type RunEvent =
  | { readonly type: "run-start"; readonly runDir: string; readonly name: string; readonly phases: readonly Phase[] }
  | ({ readonly type: "terms-chosen" } & AutoTerms)
  | { readonly type: "phase-start"; readonly phase: string }
  | DataPlan
  | DataSkipped
  | TrainEvent
  | LabelPlan
  | LabelsEvent
  | PhaseEnd
  | { readonly type: "results"; readonly results: RunResults }
  | { readonly type: "run-end"; readonly status: "done" | "interrupted"; readonly runDir: string };
