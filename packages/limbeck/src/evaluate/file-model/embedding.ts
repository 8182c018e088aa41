import type { RuntimeTensor } from "@limbeck/graph";
import { mismatch } from "../../teachers/onnx/interface.js";
import { numbersOf } from "./answers.js";
import { type FileModelOptions, subjectOf } from "./interface.js";

/** What is said of classes alone. */
const FOR_CLASSES = ["answers", "classes"] as const;

/**
 * An embedding [count, D] of an output: vectors as they are, maps [N, C, H, W] averaged over their places.
 * @throws LimbeckError MODEL_MISMATCH, MODEL_FAILED
 */
export function embeddingOf(answer: RuntimeTensor, count: number, name: string): Float32Array {
  const { dims, type } = answer;
  if (dims.length !== 2 && dims.length !== 4) {
    throw mismatch(
      `an embedding is a vector [N, D], or maps [N, C, H, W] to be averaged, and ${name} answers with ${type} [${dims.join(", ")}]`,
      dims,
      "Name another value as output: `limbeck inspect FILE --taps '*'` lists them with their shapes.",
      subjectOf(name),
    );
  }
  const numbers = numbersOf(answer, count, name, "an embedding");
  const places = dims.length === 4 ? dims[2]! * dims[3]! : 1;
  return places === 1 ? numbers : averaged(numbers, places);
}

/** @throws LimbeckError MODEL_MISMATCH where an option is for classes */
export function requireNoClasses(options: FileModelOptions, name: string): void {
  const given = FOR_CLASSES.find((key) => options[key] !== undefined);
  if (given === undefined) return;
  const message = `${given} is for classifiers, and ${name} is asked for an embedding`;
  throw mismatch(message, options[given], `Leave ${given} out.`, subjectOf(name));
}

/** Means of so many numbers each, one after another. */
function averaged(numbers: Float32Array, places: number): Float32Array {
  return Float32Array.from({ length: numbers.length / places }, (_, i) => {
    let sum = 0;
    for (let at = i * places; at < (i + 1) * places; at++) sum += numbers[at]!;
    return sum / places;
  });
}
