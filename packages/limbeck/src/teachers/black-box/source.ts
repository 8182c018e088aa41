import { LimbeckError } from "../../support/errors.js";

/** Samples that a black box is asked about. */
export interface Question {
  /** [count, channels, height, width]: 0 … 1 of images; numbers of rows and windows as they are; bytes of texts. */
  readonly images: Float32Array;
  readonly count: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Names of the data's classes, in the order of the answer's numbers. */
  readonly classes: readonly string[];
  /** Of texts: as they were written. `images` has their bytes. */
  readonly texts?: readonly string[];
  /** Whether they are rows or windows of numbers, not images. */
  readonly isTable: boolean;
}

/** A teacher that only answers. */
export interface BlackBox {
  /** All that its answers depend on beside the samples. */
  readonly identity: Uint8Array;
  /** Samples of one question, and questions under way at once. */
  readonly batch: number;
  readonly concurrency: number;
  /** Questions that are begun in a minute at most. Default: any number. */
  readonly perMinute?: number | undefined;
  /**
   * Logits [count, classes].
   * @throws LimbeckError TEACHER_FAILED
   */
  answer(question: Question, classes: number, signal: AbortSignal): Promise<Float32Array>;
}

/** Why a black box gave no answers. */
export function noAnswer(where: string, message: string, value: unknown, fix: string): LimbeckError {
  return new LimbeckError("TEACHER_FAILED", message, { where, value, fix });
}
