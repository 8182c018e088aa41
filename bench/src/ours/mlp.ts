import { ops, sgd } from "@limbeck/graph";
import type { Trainer } from "../process/trainer.js";
import type { Problem } from "../row.js";
import { type Architecture, distillationTrainer } from "./trainer.js";

export const mlp: Architecture = {
  student: (weights, { images }) => {
    const layers = Object.keys(weights).length / 2;
    let x = images!;
    for (let layer = 1; layer <= layers; layer++) {
      x = ops.linear(layer === 1 ? x : ops.relu(x), weights[`fc${layer}.weight`]!, weights[`fc${layer}.bias`]);
    }
    return { logits: x };
  },
  optimizer: ({ momentum }) => sgd({ momentum: momentum! }),
};

/** Our training step of the multi-layer perceptron. */
export const start = (problem: Problem): Promise<Trainer> => distillationTrainer(problem, mlp);
