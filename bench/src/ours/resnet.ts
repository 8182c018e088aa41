import { ops, sgd, type Tensor } from "@limbeck/graph";
import type { Trainer } from "../process/trainer.js";
import type { Problem } from "../row.js";
import { type Architecture, distillationTrainer, type Forward, type Weights } from "./trainer.js";

const STAGES = 3;

function forward(weights: Weights, images: Tensor, depth: number, training: boolean): Forward {
  const next: Record<string, Tensor> = {};
  const conv = (x: Tensor, name: string, stride = 1) => {
    const weight = weights[`${name}.weight`]!;
    const pad = (weight.shape[2]! - 1) / 2;
    return ops.conv(x, weight, undefined, { stride, padding: pad });
  };
  const norm = (x: Tensor, name: string) => {
    const [weight, bias] = [weights[`${name}.weight`]!, weights[`${name}.bias`]!];
    const [runningMean, runningVar] = [weights[`${name}.running_mean`]!, weights[`${name}.running_var`]!];
    const result = ops.batchNorm(x, { weight, bias, runningMean, runningVar }, { training });
    next[`${name}.running_mean`] = result.nextMean;
    next[`${name}.running_var`] = result.nextVar;
    return result.output;
  };
  const block = (x: Tensor, name: string, stride: number) => {
    const inner = ops.relu(norm(conv(x, `${name}.conv1`, stride), `${name}.bn1`));
    const outer = norm(conv(inner, `${name}.conv2`), `${name}.bn2`);
    const shortcut = weights[`${name}.downsample.0.weight`]
      ? norm(conv(x, `${name}.downsample.0`, stride), `${name}.downsample.1`)
      : x;
    return ops.relu(ops.add(outer, shortcut));
  };
  let x = ops.relu(norm(conv(images, "conv1"), "bn1"));
  for (let stage = 1; stage <= STAGES; stage++) {
    for (let i = 0; i < (depth - 2) / 6; i++) x = block(x, `layer${stage}.${i}`, stage > 1 && i === 0 ? 2 : 1);
  }
  const features = ops.flatten(ops.globalAveragePool(x));
  return { logits: ops.linear(features, weights["fc.weight"]!, weights["fc.bias"]), next };
}

export const resnet: Architecture = {
  student: (weights, { images }, { depth }) => forward(weights, images!, depth!, true),
  teacher: (weights, { images }, { teacherDepth }) => forward(weights, images!, teacherDepth!, false).logits,
  optimizer: ({ momentum, weightDecay }) => sgd({ momentum: momentum!, weightDecay: weightDecay! }),
};

/** Our training step of a ResNet for small images. */
export const start = (problem: Problem): Promise<Trainer> => distillationTrainer(problem, resnet);
