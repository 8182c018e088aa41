import { CLASSES, type Label } from "./facts.js";
import { ask, type ModelInput, type Ort, type Session } from "./open.js";

/** A class and its probability, 0 … 1. */
export interface Prediction {
  readonly label: Label;
  readonly score: number;
}

/** Probabilities [count][classes]. */
async function run(ort: Ort, session: Session, input: ModelInput): Promise<Prediction[][]> {
  const values = await ask(ort, session, input, "logits");
  const [, , dims] = input;
  return Array.from({ length: dims[0]! }, (_, row) =>
    ranked(values.subarray(row * CLASSES.length, (row + 1) * CLASSES.length)),
  );
}

/** All classes, the most likely first; equals in the order of the classes. */
function ranked(logits: Float32Array): Prediction[] {
  const highest = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const weights = Array.from(logits, (logit) => Math.exp(logit - highest));
  const sum = weights.reduce((a, b) => a + b, 0);
  const all = weights.map((weight, i) => ({ label: CLASSES[i]!, score: weight / sum }));
  return all.sort((a, b) => b.score - a.score);
}

export { run };
