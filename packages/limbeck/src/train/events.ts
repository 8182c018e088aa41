/** Means over an epoch, or values of a step: the loss and its weighted terms. */
export type LossValues = Readonly<Record<string, number>>;

/** Where training stands; sent a few times a second. */
export interface ProgressEvent {
  readonly type: "progress";
  readonly phase: string;
  readonly step: number;
  readonly totalSteps: number;
  /** Value of the last step; null where a phase has none, as labelling. */
  readonly loss: number | null;
  readonly stepsPerSecond: number;
  /** What is counted, where those are not steps or samples. */
  readonly unit?: "bytes" | "sounds";
}

/** An epoch is over. */
export interface EpochEvent {
  readonly type: "epoch";
  readonly phase: string;
  /** Counts from 1. */
  readonly epoch: number;
  /** Means over the epoch. */
  readonly losses: LossValues;
  readonly learningRate: number;
  /** Wrongly classified held-out samples; null in epochs that were not measured. */
  readonly errors: number | null;
}

/** A checkpoint is on disk. */
export interface CheckpointEvent {
  readonly type: "checkpoint";
  readonly phase: string;
  readonly step: number;
}

export type TrainEvent = ProgressEvent | EpochEvent | CheckpointEvent;

/** Training was asked to stop, and did, between two steps. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}
