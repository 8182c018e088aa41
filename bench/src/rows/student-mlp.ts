import { measureOurs } from "../ours/measure.js";
import { jaxJs } from "../peers/jax-js.js";
import { pytorch } from "../peers/pytorch.js";
import { mlpProblem } from "../problems/mlp.js";
import type { Row } from "../row.js";

const trainer = new URL("../ours/mlp.js", import.meta.url);
const jaxTrainer = new URL("../peers/jax-js-mlp.js", import.meta.url);
// Python is not compiled: the script stays among the sources.
const script = new URL("../../src/peers/mlp.py", import.meta.url);

/** The student of Hinton's MNIST experiment, given its teacher's logits. */
export const studentMlp: Row = {
  name: "student-mlp",
  description:
    "distillation step (batch in, forward, CE + KL, backward, SGD momentum), MLP 784-1200-1200-10, batch 128",
  unit: "ms",
  problem: () => mlpProblem({ sizes: [784, 1200, 1200, 10], batch: 128, batches: 8, seed: 1 }),
  ours: (task) => measureOurs(trainer, task),
  peers: [...jaxJs(jaxTrainer), pytorch(script)],
};
