import { fromFloat16, type RuntimeTensor } from "@limbeck/graph";
import { LimbeckError } from "../../support/errors.js";
import { areProbabilities, SMALLEST } from "../../teachers/onnx/answers.js";
import { mismatch } from "../../teachers/onnx/interface.js";
import { type FileModelOptions, subjectOf } from "./interface.js";

/** How a model's output becomes logits of the data's classes. */
export interface AnswerReader {
  readonly kind: "logits" | "probabilities";
  /** Numbers of each answer. */
  readonly width: number;
  /** Places of the data's classes. */
  readonly places: readonly number[];
}

/** The numbers of an output. @param wanted what it should hold @throws LimbeckError MODEL_MISMATCH, MODEL_FAILED */
export function numbersOf(
  { type, data, dims }: RuntimeTensor,
  count: number,
  name: string,
  wanted = "logits or probabilities",
): Float32Array {
  const numbers = toFloats(type, data);
  if (!numbers || count === 0 || dims[0] !== count || numbers.length % count !== 0) {
    throw mismatch(
      `${name} answers ${count} samples with ${type} [${dims.join(", ")}], not with a row for each`,
      dims,
      `Set output to the one that holds ${wanted}.`,
      subjectOf(name),
    );
  }
  const wrong = numbers.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return numbers;
  const value = numbers[wrong]!;
  throw new LimbeckError("MODEL_FAILED", `${name} answers with ${value}, which is no finite number`, {
    where: name,
    value: String(value),
    fix: "Check the preprocessing that it needs, or export it anew: its weights or its arithmetic are broken.",
  });
}

function toFloats(type: string, data: RuntimeTensor["data"]): Float32Array | undefined {
  if (type === "float32") return data as Float32Array;
  if (type === "float64") return Float32Array.from(data as Float64Array);
  if (type !== "float16") return undefined;
  // Newer versions of Node have an array of half numbers; in others these are their bits.
  return data instanceof Uint16Array ? fromFloat16(data) : Float32Array.from(data as Float32Array);
}

/**
 * Tells from a few answers how all are to be read.
 * @param classes how many the data have; undefined where that does not matter
 * @throws LimbeckError MODEL_MISMATCH where there are not as many classes
 */
export function answerReader(
  numbers: Float32Array,
  count: number,
  options: FileModelOptions,
  classes: number | undefined,
  name: string,
): AnswerReader {
  const width = numbers.length / count;
  const places = options.classes ?? Array.from({ length: width }, (_, place) => place);
  const wrong = places.find((place) => place >= width);
  if ((classes !== undefined && places.length !== classes) || wrong !== undefined) {
    throw mismatch(
      options.classes
        ? `classes lists ${wrong === undefined ? `${places.length} places, and the data have ${classes} classes` : `place ${wrong}, and the model answers with ${width}`}`
        : `${name} tells ${width} classes apart, and the data have ${classes}`,
      options.classes ?? [width, classes],
      `List in classes which of its ${width} places are the data's ${classes} classes, in their order, counted from 0; models that embed are compared with --task embedding.`,
      subjectOf(name),
    );
  }
  const kind = options.answers ?? (areProbabilities(numbers, width) ? "probabilities" : "logits");
  return { kind, width, places };
}

/** Logits [count, classes] of a model's numbers [count, width]. */
export function toLogits(numbers: Float32Array, { kind, width, places }: AnswerReader): Float32Array {
  const classes = places.length;
  const isWhole = classes === width && places.every((place, k) => place === k);
  const picked = isWhole ? numbers : new Float32Array((numbers.length / width) * classes);
  if (!isWhole) {
    for (let row = 0; row < numbers.length / width; row++) {
      for (let k = 0; k < classes; k++) picked[row * classes + k] = numbers[row * width + places[k]!]!;
    }
  }
  return kind === "logits" ? picked : picked.map((p) => Math.log(Math.max(p, SMALLEST)));
}
