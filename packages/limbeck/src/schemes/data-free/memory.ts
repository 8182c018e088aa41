import { type Graph, ops, permutation, randomStream, sizeOf, type Tensor, type TrainingBuffer } from "@limbeck/graph";
import { LimbeckError } from "../../support/errors.js";
import type { Pictures, SourceOptions } from "./source.js";

/** What stands before the names of what is kept of images. */
export const INVERSION = "inversion/";
/** All batches that are kept, as the teacher and the student see them, [memory · N, C, H, W]. */
const MEMORY = `${INVERSION}memory`;

/** How long a batch is improved, and how many are kept. */
export interface Remembering {
  readonly iterations: number;
  readonly memory: number;
  readonly rounds: number;
}

/** Batches that are improved one after the other, and kept for the student. */
export interface Memory {
  /** @throws LimbeckError RECIPE_INVALID where training ends before a batch is finished */
  check(): void;
  /** Nothing yet, by name. */
  initial(): Record<string, Float32Array>;
  /** Declares which step of its batch a step is, from 0, and tells whether it is the first or the last one, bool []. */
  place(graph: Graph): { readonly isFirst: Tensor; readonly isLast: Tensor };
  /** Classes that the batch is made for, int64 [N]. */
  labels(graph: Graph): Tensor;
  /** Declares how a turn keeps the images of its batch and, in further buffers of as many rows, what goes with them. */
  kept(graph: Graph, images: Tensor, further?: readonly Omit<TrainingBuffer, "rows">[]): TrainingBuffer[];
  /** What the student sees: images of any finished batches. */
  seen(graph: Graph): Pictures;
  /** Which ones a step sees. */
  seenFeeds(seed: number): (step: number, repeat: number) => { readonly rows: BigInt64Array };
  madeFeeds(): (step: number) => Readonly<Record<"iteration" | "places" | "classes", Float32Array | BigInt64Array>>;
  shown(graph: Graph, most: number, seed: number): Tensor;
}

export function imageMemory({ split, train }: SourceOptions, settings: Remembering): Memory {
  const { iterations, memory, rounds } = settings;
  const { channels, height, width, classes } = split.dataset;
  const { batchSize } = train;
  const kept = [memory * batchSize, channels, height, width];
  const steps = train.epochs * rounds;
  const buffer = (graph: Graph) => graph.parameter(MEMORY, "float32", kept);
  return {
    check: () => checkLength(iterations, steps),
    initial: () => ({ [MEMORY]: new Float32Array(sizeOf(kept)) }),
    place: (graph) => {
      const iteration = graph.input("iteration", "float32", []);
      return { isFirst: ops.equal(iteration, 0), isLast: ops.equal(iteration, iterations - 1) };
    },
    labels: (graph) => graph.input("classes", "int64", [batchSize]),
    kept: (graph, images, further = []) => {
      const rows = graph.input("places", "int64", [batchSize]);
      return [{ input: buffer(graph), next: images }, ...further].map((each) => ({ ...each, rows }));
    },
    seen: (graph) => ({
      images: ops.gather(buffer(graph), graph.input("rows", "int64", [batchSize])),
      buffers: [],
    }),
    seenFeeds: (seed) => {
      const rows = new BigInt64Array(batchSize);
      return (step, repeat) => {
        const slots = finishedSlots(step, settings);
        const stream = randomStream(seed, "rows", step, repeat);
        const draw = () => slots[stream.below(slots.length)]! * batchSize + stream.below(batchSize);
        return { rows: rows.map(() => BigInt(draw())) };
      };
    },
    madeFeeds: () => {
      const [places, labels] = [new BigInt64Array(batchSize), new BigInt64Array(batchSize)];
      return (step) => {
        const [batch, iteration] = [Math.floor(step / iterations), step % iterations];
        places.forEach((_, i) => {
          places[i] = BigInt((batch % memory) * batchSize + i);
          labels[i] = BigInt((batch * batchSize + i) % classes.length);
        });
        return { iteration: Float32Array.of(iteration), places, classes: labels };
      };
    },
    shown: (graph, most, seed) => {
      const rows = rowsOf(finishedSlots(steps, settings), batchSize);
      const order = permutation(rows.length, randomStream(seed, "shown"));
      return ops.gather(buffer(graph), graph.ints(Array.from(order.subarray(0, most), (place) => rows[place]!)));
    },
  };
}

/** The rows of some places in the memory. */
export function rowsOf(slots: readonly number[], batchSize: number): number[] {
  return slots.flatMap((slot) => Array.from({ length: batchSize }, (_, i) => slot * batchSize + i));
}

function checkLength(iterations: number, steps: number): void {
  if (iterations <= steps) return;
  throw new LimbeckError("RECIPE_INVALID", `no image is finished: a batch takes ${iterations} rounds of ${steps}`, {
    where: "scheme.iterations",
    value: iterations,
    fix: "Give less iterations, or more epochs or rounds.",
  });
}

/** Places in the memory whose batches are finished after some steps; the first one's from the start, for there is no other. */
export function finishedSlots(
  step: number,
  { iterations, memory }: Pick<Remembering, "iterations" | "memory">,
): number[] {
  const batch = Math.floor(step / iterations);
  if (batch === 0) return [0];
  const isBegun = step % iterations > 0;
  const slots = Array.from({ length: Math.min(batch, memory) }, (_, slot) => slot);
  return isBegun ? slots.filter((slot) => slot !== batch % memory) : slots;
}
