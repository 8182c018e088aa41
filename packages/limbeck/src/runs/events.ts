import type { RunResults } from "../evaluate/results.js";
import type { TrainEvent } from "../train/events.js";
import type { AutoTerms } from "./folder.js";

/** A part of a run that shows progress of its own. */
export interface Phase {
  /** Such as `teacher`, `label`, `student/seed-1`, `few-epochs/baseline/seed-2`, `evaluate`. */
  readonly id: string;
  /** For people. */
  readonly label: string;
}

/** All that a run tells, in order. Terminal, `metrics.jsonl`, studio and tests read the same stream. */
export type RunEvent =
  | { readonly type: "run-start"; readonly runDir: string; readonly name: string; readonly phases: readonly Phase[] }
  | ({ readonly type: "terms-chosen" } & AutoTerms)
  | { readonly type: "phase-start"; readonly phase: string }
  | TrainEvent
  | { readonly type: "phase-end"; readonly phase: string; readonly seconds: number; readonly reused: boolean }
  | { readonly type: "results"; readonly results: RunResults }
  | { readonly type: "run-end"; readonly status: "done" | "interrupted"; readonly runDir: string };
