import { jaxJs } from "../peers/jax-js.js";
import { mlpProblem } from "../problems/mlp.js";
import type { Row } from "../row.js";
import { againstPytorch } from "./against-pytorch.js";

const jaxTrainer = new URL("../peers/jax-js-mlp.js", import.meta.url);
const row = againstPytorch("mlp", {
  name: "student-mlp",
  description:
    "distillation step (batch in, forward, CE + KL, backward, SGD momentum), MLP 784-1200-1200-10, batch 128",
  problem: () => mlpProblem({ sizes: [784, 1200, 1200, 10], batch: 128, batches: 8, seed: 1 }),
});

/** The student of Hinton's MNIST experiment, given its teacher's logits. */
export const studentMlp: Row = { ...row, peers: [...jaxJs(jaxTrainer), ...row.peers] };
