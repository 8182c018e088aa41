import { fromFloat16, toFloat16 } from "@limbeck/graph";
import { z } from "zod";
import type { HostTensor, SafetensorsFile } from "../support/safetensors.js";
import { type Drawing, drawAnswers, drawnBytes, drawnLogits } from "./draws.js";

const describe = (description: string) => ({ description });

/** How the teacher's stored answers are kept. */
export const answerStorage = z.strictObject({
  dtype: z
    .enum(["float32", "float16"])
    .default("float32")
    .meta(describe("Type of the stored logits; float16 takes half the space and keeps three digits.")),
  top: z
    .int()
    .positive()
    .optional()
    .meta(
      describe("Keep this many of the largest logits of each sample, and how much the others weigh. Default: all."),
    ),
  draws: z
    .int()
    .positive()
    .max(65_535)
    .optional()
    .meta(
      describe(
        "Keep, in place of logits, this many classes drawn from the teacher's probabilities, and how often each was drawn: an unbiased target for kd. Default: none are drawn.",
      ),
    ),
  temperature: z
    .number()
    .positive()
    .optional()
    .meta(describe("Softens the probabilities that draws are from; the terms must have the same. Default 1.")),
});

export type AnswerStorage = z.output<typeof answerStorage>;

type Tensors = SafetensorsFile["tensors"];

/** Whether all logits are kept, and as they are. */
export function isExact({ dtype, top, draws }: AnswerStorage, classes: number): boolean {
  return draws === undefined && dtype === "float32" && keptOf(classes, top) === classes;
}

/** Kept logits of a sample; a tail of a single class would save nothing. */
function keptOf(classes: number, top = classes): number {
  return top >= classes - 1 ? classes : top;
}

const isNarrow = (classes: number) => classes <= 256;

/** How answers are drawn, where they are. */
function drawingOf({ draws, temperature = 1 }: AnswerStorage): Drawing | undefined {
  return draws === undefined ? undefined : { draws, temperature };
}

/** Bytes of the stored answers to so many samples, without the file's header; of drawn ones, the most that they can take. */
export function storedBytes(samples: number, classes: number, storage: AnswerStorage): number {
  const { dtype, top } = storage;
  const drawing = drawingOf(storage);
  if (drawing) return drawnBytes(samples, classes, drawing);
  const width = dtype === "float32" ? 4 : 2;
  const kept = keptOf(classes, top);
  if (kept === classes) return samples * classes * width;
  return samples * (kept * (width + (isNarrow(classes) ? 1 : 2)) + width);
}

/**
 * Packs logits [samples, classes]. Where only the largest k are kept, `rest` is the logarithm of the sum of the exponentials of
 * the others, so that at temperature 1 the probabilities of the k classes, and the sum of those of the others, stay what they
 * are: the tail is neither dropped nor is its mass given to the k, which would bias what a student learns.
 * Source: Anshumann et al. 2025, Sparse Logit Sampling (bias of top-k targets).
 */
export function packAnswers(logits: Float32Array, classes: number, storage: AnswerStorage): Tensors {
  const { dtype, top } = storage;
  const drawing = drawingOf(storage);
  if (drawing) return drawAnswers(logits, classes, drawing);
  const samples = logits.length / classes;
  const numbers = (shape: number[], values: Float32Array): HostTensor =>
    dtype === "float32" ? { dtype, shape, data: values } : { dtype: "uint16", shape, data: toFloat16(values) };
  const kept = keptOf(classes, top);
  if (kept === classes) return { logits: numbers([samples, classes], logits) };
  const places = isNarrow(classes) ? new Uint8Array(samples * kept) : new Uint16Array(samples * kept);
  const values = new Float32Array(samples * kept);
  const rest = new Float32Array(samples);
  for (let row = 0; row < samples; row++) {
    const answer = logits.subarray(row * classes, (row + 1) * classes);
    const order = Array.from(answer.keys()).sort((a, b) => answer[b]! - answer[a]! || a - b);
    places.set(order.slice(0, kept), row * kept);
    values.set(
      order.slice(0, kept).map((k) => answer[k]!),
      row * kept,
    );
    rest[row] = logSumExp(order.slice(kept).map((k) => answer[k]!));
  }
  return {
    logits: numbers([samples, kept], values),
    places: { dtype: isNarrow(classes) ? "uint8" : "uint16", shape: [samples, kept], data: places },
    rest: numbers([samples], rest),
  };
}

function logSumExp(values: readonly number[]): number {
  const most = Math.max(...values);
  return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0));
}

function numbersOf(tensor: HostTensor | undefined): Float32Array | undefined {
  if (tensor?.data instanceof Float32Array) return tensor.data;
  return tensor?.data instanceof Uint16Array ? fromFloat16(tensor.data) : undefined;
}

/**
 * Logits [samples, classes] of packed answers: classes that were not kept share what they weigh evenly; those that were never
 * drawn weigh nothing.
 * @returns nothing where these are no packed answers to so many classes
 */
export function unpackAnswers(tensors: Tensors, classes: number): Float32Array | undefined {
  if (tensors.counts) return drawnLogits(tensors, classes);
  const kept = tensors.logits?.shape[1] ?? 0;
  const values = numbersOf(tensors.logits);
  if (!values || kept === classes) return values;
  const [rest, places] = [numbersOf(tensors.rest), tensors.places?.data];
  const samples = values.length / kept;
  if (rest?.length !== samples || places?.length !== values.length || kept >= classes) return undefined;
  const logits = new Float32Array(samples * classes);
  const share = Math.log(classes - kept);
  for (let row = 0; row < samples; row++) {
    logits.fill(rest[row]! - share, row * classes, (row + 1) * classes);
    for (let i = row * kept; i < (row + 1) * kept; i++) logits[row * classes + Number(places[i])] = values[i]!;
  }
  return logits;
}
