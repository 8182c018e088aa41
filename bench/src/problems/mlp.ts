import { randomStream } from "@limbeck/graph";
import type { Problem, ProblemTensor } from "../row.js";
import {
  BATCH,
  type BatchOptions,
  filled,
  images,
  integers,
  PARAMETER,
  prefixed,
  teacherLogits,
  uniform,
} from "./problem.js";

export interface MlpProblemOptions extends BatchOptions {
  /** Units of each layer, the input first, the classes last. */
  readonly sizes: readonly number[];
}

/** Half hard labels, half a teacher softened by 4; SGD with momentum. */
const SETTINGS = { temperature: 4, hardWeight: 0.5, learningRate: 0.01, momentum: 0.9 };

/** Distilling a multi-layer perceptron: weights as PyTorch's default starts them, random samples, labels and logits. */
export function mlpProblem(options: MlpProblemOptions): Problem {
  const { sizes, seed } = options;
  const classes = sizes.at(-1)!;
  const layers = sizes.slice(1).flatMap((outputs, i) => layer(i + 1, sizes[i]!, outputs, seed));
  const batches = {
    images: images(options, [sizes[0]!]),
    labels: integers("labels", classes, options),
    teacherLogits: teacherLogits(options, classes),
  };
  return {
    settings: SETTINGS,
    tensors: { ...prefixed(PARAMETER, Object.fromEntries(layers)), ...prefixed(BATCH, batches) },
  };
}

function layer(number: number, inputs: number, outputs: number, seed: number): [string, ProblemTensor][] {
  const bound = 1 / Math.sqrt(inputs);
  const parameter = (name: string, shape: readonly number[]): [string, ProblemTensor] => [
    `fc${number}.${name}`,
    filled(shape, uniform(randomStream(seed, "parameter", number, name), bound)),
  ];
  return [parameter("weight", [outputs, inputs]), parameter("bias", [outputs])];
}
