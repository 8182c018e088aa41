import { randomStream, sizeOf } from "@limbeck/graph";
import type { Problem, ProblemTensor } from "../row.js";
import { BATCH, filled, PARAMETER, uniform } from "./problem.js";

export interface MlpProblemOptions {
  /** Units of each layer, the input first, the classes last. */
  readonly sizes: readonly number[];
  /** Samples of a batch. */
  readonly batch: number;
  /** Different batches, which take turns. */
  readonly batches: number;
  readonly seed: number;
}

/** Half hard labels, half a teacher softened by 4; SGD with momentum. */
const SETTINGS = { temperature: 4, hardWeight: 0.5, learningRate: 0.01, momentum: 0.9 };
/** The teacher's logits are uniform between this and its negative. */
const TEACHER_LOGITS = 5;

/** Distilling a multi-layer perceptron: weights as PyTorch's default starts them, random samples, labels and logits. */
export function mlpProblem(options: MlpProblemOptions): Problem {
  const { sizes, seed } = options;
  const layers = sizes.slice(1).flatMap((outputs, i) => layer(i + 1, sizes[i]!, outputs, seed));
  return { settings: SETTINGS, tensors: { ...Object.fromEntries(layers), ...batchesOf(options) } };
}

function layer(number: number, inputs: number, outputs: number, seed: number): [string, ProblemTensor][] {
  const bound = 1 / Math.sqrt(inputs);
  const parameter = (name: string, shape: readonly number[]): [string, ProblemTensor] => [
    `${PARAMETER}fc${number}.${name}`,
    filled(shape, uniform(randomStream(seed, "parameter", number, name), bound)),
  ];
  return [parameter("weight", [outputs, inputs]), parameter("bias", [outputs])];
}

function batchesOf({ sizes, batch, batches, seed }: MlpProblemOptions): Record<string, ProblemTensor> {
  const classes = sizes.at(-1)!;
  const pixels = randomStream(seed, "images");
  const labels = randomStream(seed, "labels");
  const shape = [batches, batch];
  return {
    [`${BATCH}images`]: filled([...shape, sizes[0]!], () => pixels.uniform()),
    [`${BATCH}labels`]: { shape, data: Int32Array.from({ length: sizeOf(shape) }, () => labels.below(classes)) },
    [`${BATCH}teacherLogits`]: filled([...shape, classes], uniform(randomStream(seed, "teacher"), TEACHER_LOGITS)),
  };
}
