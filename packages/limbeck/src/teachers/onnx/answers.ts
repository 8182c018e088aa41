import { ops, sizeOf, type Tensor } from "@limbeck/graph";
import { NEVER } from "../never.js";
import { type Places, placesOf } from "./class-map.js";
import { mismatch } from "./interface.js";
import type { AnswerOptions } from "./options.js";

/** Smallest probability whose logarithm is taken: single precision holds no better ones beside 1. */
export const SMALLEST = 1e-7;

/** What a file's answers are, and where its places are the run's classes. */
export interface KnownAnswers {
  readonly answers: "logits" | "probabilities";
  /** Default: place by place. */
  readonly places?: Places | undefined;
}

/** Which places a recipe means. @param file whose labels they are @param names of the classes */
export function chosenPlaces({ classes }: AnswerOptions, file: string, names: readonly string[]): Places | undefined {
  return classes && (Array.isArray(classes) ? classes.map((place) => [place]) : placesOf(classes, file, names));
}

/** Who usually has the classes. */
export const DATA = "the data have";

/** A logit that changes no sum of exponentials. */
const UNHEARD = -1e30;

/** How far from 1 probabilities may add up, for models of half precision and 8 bits. */
const TOLERANCE = 0.05;

/**
 * A model's answers as logits of the data's classes, [N, K].
 * @param whose who has the classes, for messages: the data, or a specialist
 * @throws LimbeckError TEACHER_MISMATCH where there are not as many classes
 */
export function logitsOf(raw: Tensor, { answers, places }: KnownAnswers, classes: number, whose = DATA): Tensor {
  const logits = answers === "probabilities" ? beforeSoftmax(flatten(raw)) : flatten(raw);
  const known = logits.shape[1]!;
  if (!places) {
    if (known === classes) return logits;
    throw mismatch(
      `the teacher tells ${known} classes apart, and ${whose} ${classes}`,
      [known, classes],
      `List in teacher.classes which ${classes} of its ${known} places are ${whose === DATA ? "the data's" : "these"} classes, in their order.`,
    );
  }
  requirePlaces(places, known, classes, whose);
  if (places.every(({ length }) => length === 1)) return ops.gather(logits, raw.graph.ints(places.flat()), 1);
  return merged(logits, places);
}

/** Logarithms of summed exponentials, so that probabilities of places that mean one class add up. */
function merged(logits: Tensor, places: Places): Tensor {
  const { graph } = logits;
  const width = Math.max(...places.map(({ length }) => length));
  const padded = places.map((own) => Array.from({ length: width }, (_, i) => own[i]));
  const table = ops.reshape(ops.gather(logits, graph.ints(padded.flat().map((place) => place ?? 0)), 1), [
    -1,
    places.length,
    width,
  ]);
  const constant = (shape: number[], numbers: number[]) => graph.constant("float32", shape, numbers);
  const isReal = constant(
    [1, places.length, width],
    padded.flat().map((place) => (place === undefined ? 0 : 1)),
  );
  const real = ops.where(ops.greater(isReal, 0.5), table, constant([1, 1, 1], [UNHEARD]));
  const sums = ops.reduceLogSumExp(real, { axes: [2] });
  const isKnown = constant(
    [1, places.length],
    places.map(({ length }) => Math.min(1, length)),
  );
  return ops.where(ops.greater(isKnown, 0.5), sums, constant([1, 1], [NEVER]));
}

/** Answers as rows, [N, …] becomes [N, K]. */
export function flatten(answers: Tensor): Tensor {
  return answers.shape.length === 2 ? answers : ops.reshape(answers, [-1, sizeOf(answers.shape.slice(1))]);
}

/** What softmax was taken of, where that shows; else logarithms, which softmax turns into the same probabilities. */
function beforeSoftmax(probabilities: Tensor): Tensor {
  const { source } = probabilities;
  const node = source.kind === "node" && source.node.op === "Softmax" ? source.node : undefined;
  return node?.inputs[0] ?? ops.log(ops.maximum(probabilities, SMALLEST));
}

function requirePlaces(places: Places, known: number, classes: number, whose: string): void {
  if (places.length !== classes) {
    throw mismatch(
      `teacher.classes lists ${places.length} places, and ${whose} ${classes} classes`,
      places.flat(),
      "List one place for each class, in their order.",
    );
  }
  const wrong = places.flat().find((place) => place >= known);
  if (wrong === undefined) return;
  throw mismatch(`teacher.classes names place ${wrong}, and the teacher has ${known}`, wrong, "Count from 0.");
}

/** Whether rows [N, K] are probabilities. */
export function areProbabilities(answers: Float32Array, classes: number): boolean {
  const rows = Array.from({ length: answers.length / classes }, (_, i) =>
    answers.subarray(i * classes, (i + 1) * classes),
  );
  return rows.every((row) => {
    const sum = row.reduce((a, b) => a + b, 0);
    return Math.abs(sum - 1) < TOLERANCE && row.every((value) => value >= 0 && value <= 1);
  });
}
