import { measureOurs } from "../ours/measure.js";
import { pytorch } from "../peers/pytorch.js";
import { encoderProblem } from "../problems/encoder.js";
import type { Row } from "../row.js";

const trainer = new URL("../ours/encoder.js", import.meta.url);
// Python is not compiled: the script stays among the sources.
const script = new URL("../../src/peers/encoder.py", import.meta.url);

/** A six-layer text encoder, given its teacher's logits. */
export const studentEncoder6: Row = {
  name: "student-encoder6",
  description:
    "distillation step (CE + KL, SGD momentum), 6-layer encoder, width 384, 12 heads, 128 tokens, batch 16, teacher logits given",
  unit: "ms",
  problem: () =>
    encoderProblem({
      layers: 6,
      width: 384,
      heads: 12,
      tokens: 128,
      vocabulary: 30522,
      classes: 2,
      batch: 16,
      batches: 8,
      seed: 1,
    }),
  ours: (task) => measureOurs(trainer, task),
  peers: [pytorch(script)],
};
