import { ops, sizeOf, type Tensor } from "@limbeck/graph";
import { mismatch } from "./interface.js";
import type { AnswerOptions } from "./options.js";

/** Smallest probability whose logarithm is taken: single precision holds no better ones beside 1. */
const SMALLEST = 1e-7;

/** Who usually has the classes. */
export const DATA = "the data have";

/** How far from 1 probabilities may add up, for models of half precision and 8 bits. */
const TOLERANCE = 0.05;

/**
 * A model's answers as logits of the data's classes, [N, K].
 * @param whose who has the classes, for messages: the data, or a specialist
 * @throws LimbeckError TEACHER_MISMATCH where there are not as many classes
 */
export function logitsOf(answers: Tensor, options: AnswerOptions, classes: number, whose = DATA): Tensor {
  const logits = options.answers === "probabilities" ? beforeSoftmax(flatten(answers)) : flatten(answers);
  const known = logits.shape[1]!;
  if (!options.classes) {
    if (known === classes) return logits;
    throw mismatch(
      `the teacher tells ${known} classes apart, and ${whose} ${classes}`,
      [known, classes],
      `List in teacher.classes which ${classes} of its ${known} places are ${whose === DATA ? "the data's" : "these"} classes, in their order.`,
    );
  }
  requirePlaces(options.classes, known, classes, whose);
  return ops.gather(logits, answers.graph.ints(options.classes), 1);
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

function requirePlaces(places: readonly number[], known: number, classes: number, whose: string): void {
  if (places.length !== classes) {
    throw mismatch(
      `teacher.classes lists ${places.length} places, and ${whose} ${classes} classes`,
      places,
      "List one place for each class, in their order.",
    );
  }
  const wrong = places.find((place) => place >= known);
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
