import type { Measurement, Task } from "../row.js";

/** What the benchmark tells a contender's process. */
export interface ParentMessage {
  /** URL of a module that exports what a `TrainerModule` does. */
  readonly module: string;
  readonly task: Task;
}

/** What the process answers, once. */
export type ChildMessage = { readonly measurement: Measurement } | { readonly failure: string };
