import { measureOurs } from "../ours/measure.js";
import { pytorch } from "../peers/pytorch.js";
import { type EncoderProblemOptions, encoderProblem } from "../problems/encoder.js";
import type { Row } from "../row.js";

const trainer = new URL("../ours/encoder.js", import.meta.url);
// Python is not compiled: the script stays among the sources.
const script = new URL("../../src/peers/encoder.py", import.meta.url);
const size = { layers: 6, width: 384, heads: 12, tokens: 128, vocabulary: 30522, classes: 2 };
const common = { ...size, batch: 16, batches: 8, seed: 1 };

function row(name: string, description: string, options: EncoderProblemOptions): Row {
  return {
    name,
    description,
    unit: "ms",
    problem: () => encoderProblem(options),
    ours: (task) => measureOurs(trainer, task),
    peers: [pytorch(script)],
  };
}

/** A six-layer text encoder, given its teacher's logits. */
export const studentEncoder6: Row = row(
  "student-encoder6",
  "distillation step (CE + KL, SGD momentum), 6-layer encoder, width 384, 12 heads, 128 tokens, batch 16, teacher logits given",
  common,
);

/** The same with a twelve-layer teacher that runs in every step. */
export const distillEncoder12Encoder6: Row = row(
  "distill-encoder12-encoder6",
  "distillation step with a live teacher, 12-layer to 6-layer encoder, width 384, 12 heads, 128 tokens, batch 16",
  { ...common, teacherLayers: 12 },
);
