/** How long a contender is measured. */
export interface Plan {
  /** Steps before the clock counts, as long as this lasts (at least one). */
  readonly warmupSeconds: number;
  /** Steps are timed for as long as this lasts, */
  readonly seconds: number;
  /** but at least so many of them, */
  readonly minSteps: number;
  /** and at most so many. */
  readonly maxSteps: number;
}

/** What one contender is asked to do, once, in a process of its own. */
export interface Task {
  readonly plan: Plan;
  /** Path of the file that holds the row's problem; see `process/tensor-file.ts`. */
  readonly problem: string;
}

/** What one process measured. */
export interface Sample {
  /** Median over the timed steps, in the row's unit. */
  readonly value: number;
  /** Steps that were timed. */
  readonly steps: number;
  /** Losses of the first {@link CHECKED_STEPS} steps, which all contenders must agree on. */
  readonly losses: readonly number[];
  /** Largest resident memory of the process. */
  readonly peakBytes: number;
  /** Version and threads, for people. */
  readonly about: string;
}

/** Why a peer cannot be measured here. */
export interface Absent {
  readonly absent: string;
}

export type Measurement = Sample | Absent;

/** Somebody else's way to do the same work. */
export interface Peer {
  readonly name: string;
  measure(task: Task): Promise<Measurement>;
}

/** One line of the benchmark: a piece of work, how we do it, and how others do it. */
export interface Row {
  readonly name: string;
  readonly description: string;
  /** Less is better. */
  readonly unit: "ms";
  /** What everybody starts from and is fed. Made once per run and handed to all as a file. */
  problem(): Problem;
  ours(task: Task): Promise<Sample>;
  readonly peers: readonly Peer[];
}

/** Numbers with a shape. */
export interface ProblemTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

/** Tensors and settings by name. */
export interface Problem {
  readonly tensors: Readonly<Record<string, ProblemTensor>>;
  readonly settings: Readonly<Record<string, number>>;
}

/** How many losses are compared before anything is timed. */
export const CHECKED_STEPS = 3;

export function isAbsent(measurement: Measurement): measurement is Absent {
  return "absent" in measurement;
}
