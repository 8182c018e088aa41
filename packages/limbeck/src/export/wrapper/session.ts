import type * as OrtCommon from "onnxruntime-common";
import { CLASSES, type Label } from "./facts.js";

/** `onnxruntime-node` or `onnxruntime-web`, whichever the program has. */
export type Ort = Pick<typeof OrtCommon, "InferenceSession" | "Tensor">;
export type Session = OrtCommon.InferenceSession;
export type SessionOptions = OrtCommon.InferenceSession.SessionOptions;

/** A class and its probability, 0 … 1. */
export interface Prediction {
  readonly label: Label;
  readonly score: number;
}

/** Opens a model. @param model its path or URL, or its bytes */
function open(ort: Ort, model: string | Uint8Array, options: SessionOptions): Promise<Session> {
  return typeof model === "string"
    ? ort.InferenceSession.create(model, options)
    : ort.InferenceSession.create(model, options);
}

/** Probabilities [count][classes] out of one input of `dims`, the first of which counts samples. */
async function run(
  ort: Ort,
  session: Session,
  input: string,
  data: Float32Array,
  dims: readonly number[],
): Promise<Prediction[][]> {
  const { logits } = await session.run({ [input]: new ort.Tensor("float32", data, dims) });
  const values = logits!.data as Float32Array;
  const answers: Prediction[][] = [];
  for (let row = 0; row < dims[0]!; row++) {
    answers.push(ranked(values.subarray(row * CLASSES.length, (row + 1) * CLASSES.length)));
  }
  return answers;
}

/** All classes, the most likely first; equals in the order of the classes. */
function ranked(logits: Float32Array): Prediction[] {
  const highest = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const weights = Array.from(logits, (logit) => Math.exp(logit - highest));
  const sum = weights.reduce((a, b) => a + b, 0);
  const all = weights.map((weight, i) => ({ label: CLASSES[i]!, score: weight / sum }));
  return all.sort((a, b) => b.score - a.score);
}

export { open, run };
