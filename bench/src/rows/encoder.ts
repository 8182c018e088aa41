import { type EncoderProblemOptions, encoderProblem } from "../problems/encoder.js";
import type { Row } from "../row.js";
import { againstPytorch } from "./against-pytorch.js";

const size = { layers: 6, width: 384, heads: 12, tokens: 128, vocabulary: 30522, classes: 2 };
const common = { ...size, batch: 16, batches: 8, seed: 1 };

const row = (name: string, description: string, options: EncoderProblemOptions): Row =>
  againstPytorch("encoder", { name, description, problem: () => encoderProblem(options) });

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
