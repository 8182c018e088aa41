import { type RandomStream, sizeOf } from "@limbeck/graph";
import type { Problem, ProblemTensor } from "../row.js";

/** Tensors under this prefix are the student's parameters. */
export const PARAMETER = "parameter/";
/** Tensors under this prefix hold all batches: their first axis counts batches. */
export const BATCH = "batch/";

/** A tensor filled with draws. */
export function filled(shape: readonly number[], draw: () => number): ProblemTensor {
  return { shape, data: Float32Array.from({ length: sizeOf(shape) }, draw) };
}

/** Draws uniformly between -bound and bound. */
export function uniform(stream: RandomStream, bound: number): () => number {
  return () => (2 * stream.uniform() - 1) * bound;
}

/** Initial parameters by name. */
export function parametersOf(problem: Problem): Record<string, ProblemTensor> {
  return under(problem, PARAMETER);
}

/** What is fed at a step, by name; batches take turns. */
export function batchAt(problem: Problem, step: number): Record<string, ProblemTensor> {
  return Object.fromEntries(
    Object.entries(under(problem, BATCH)).map(
      ([
        name,
        {
          shape: [batches, ...shape],
          data,
        },
      ]) => {
        const start = (step % batches!) * sizeOf(shape);
        return [name, { shape, data: data.subarray(start, start + sizeOf(shape)) }];
      },
    ),
  );
}

function under({ tensors }: Problem, prefix: string): Record<string, ProblemTensor> {
  const found = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(found.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}
