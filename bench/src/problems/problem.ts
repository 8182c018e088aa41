import { type RandomStream, randomStream, sizeOf } from "@limbeck/graph";
import type { Problem, ProblemTensor } from "../row.js";

/** Tensors under this prefix are the student's parameters. */
export const PARAMETER = "parameter/";
/** Tensors under this prefix are the student's buffers: running statistics. */
export const BUFFER = "buffer/";
/** Tensors under this prefix are all that a teacher is made of, where one runs in every step. */
export const TEACHER = "teacher/";
/** Tensors under this prefix hold all batches: their first axis counts batches. */
export const BATCH = "batch/";

/** The teacher's logits are uniform between this and its negative, where they are given. */
const TEACHER_LOGITS = 5;

/** How many samples a step has, and how many different steps. */
export interface BatchOptions {
  /** Samples of a batch. */
  readonly batch: number;
  /** Different batches, which take turns. */
  readonly batches: number;
  readonly seed: number;
}

/** A tensor filled with draws. */
export function filled(shape: readonly number[], draw: () => number): ProblemTensor {
  return { shape, data: Float32Array.from({ length: sizeOf(shape) }, draw) };
}

/** Draws uniformly between -bound and bound. */
export function uniform(stream: RandomStream, bound: number): () => number {
  return () => (2 * stream.uniform() - 1) * bound;
}

/** Batches of integers in [0, bound), such as labels or tokens; `shape` is that of one sample. */
export function integers(
  name: string,
  bound: number,
  { batch, batches, seed }: BatchOptions,
  shape: readonly number[] = [],
): ProblemTensor {
  const stream = randomStream(seed, name);
  const full = [batches, batch, ...shape];
  return { shape: full, data: Int32Array.from({ length: sizeOf(full) }, () => stream.below(bound)) };
}

/** Batches of images with values in [0, 1); `shape` is that of one sample. */
export function images({ batch, batches, seed }: BatchOptions, shape: readonly number[]): ProblemTensor {
  const stream = randomStream(seed, "images");
  return filled([batches, batch, ...shape], () => stream.uniform());
}

/** Batches of a teacher's logits, where it does not run itself. */
export function teacherLogits({ batch, batches, seed }: BatchOptions, classes: number): ProblemTensor {
  return filled([batches, batch, classes], uniform(randomStream(seed, "teacher"), TEACHER_LOGITS));
}

/** Puts a prefix before every name. */
export function prefixed(
  prefix: string,
  tensors: Readonly<Record<string, ProblemTensor>>,
): Record<string, ProblemTensor> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [prefix + name, tensor]));
}

/** The tensors under a prefix, by the rest of their names. */
export function under({ tensors }: Problem, prefix: string): Record<string, ProblemTensor> {
  const found = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(found.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}

/** Initial parameters by name. */
export function parametersOf(problem: Problem): Record<string, ProblemTensor> {
  return under(problem, PARAMETER);
}

/** What is fed at a step, by name; batches take turns. */
export function batchAt(problem: Problem, step: number): Record<string, ProblemTensor> {
  return Object.fromEntries(
    Object.entries(under(problem, BATCH)).map(([name, batches]) => [name, batchOf(batches, step)]),
  );
}

function batchOf({ shape: [batches, ...shape], data }: ProblemTensor, step: number): ProblemTensor {
  const start = (step % batches!) * sizeOf(shape);
  return { shape, data: data.subarray(start, start + sizeOf(shape)) };
}
