import { randomStream } from "@limbeck/graph";
import type { Problem, ProblemTensor } from "../row.js";
import {
  BATCH,
  type BatchOptions,
  filled,
  integers,
  PARAMETER,
  prefixed,
  TEACHER,
  teacherLogits,
  uniform,
} from "./problem.js";

export interface EncoderProblemOptions extends BatchOptions {
  readonly layers: number;
  /** Layers of a teacher that runs in every step; without it, its logits are given. */
  readonly teacherLayers?: number;
  readonly width: number;
  readonly heads: number;
  readonly tokens: number;
  readonly vocabulary: number;
  readonly classes: number;
}

/** Half hard labels, half a teacher softened by 2; SGD with momentum. */
const SETTINGS = { temperature: 2, hardWeight: 0.5, learningRate: 0.01, momentum: 0.9 };
/** Uniform draws of BERT's standard deviation, 0.02. */
const BOUND = 0.02 * Math.sqrt(3);

/** Distilling a text classifier with BERT's layers (Devlin et al. 2019): embeddings, encoder, first token, linear head. */
export function encoderProblem(options: EncoderProblemOptions): Problem {
  const { layers, teacherLayers, tokens, vocabulary, classes, heads } = options;
  const batches = {
    tokens: integers("tokens", vocabulary, options, [tokens]),
    labels: integers("labels", classes, options),
  };
  const settings = { ...SETTINGS, layers, heads };
  const common = {
    ...prefixed(PARAMETER, encoderTensors(options, layers, options.seed)),
    ...prefixed(BATCH, batches),
  };
  if (teacherLayers === undefined) {
    return { settings, tensors: { ...common, [`${BATCH}teacherLogits`]: teacherLogits(options, classes) } };
  }
  const teacher = encoderTensors(options, teacherLayers, options.seed + 1);
  return { settings: { ...settings, teacherLayers }, tensors: { ...common, ...prefixed(TEACHER, teacher) } };
}

function encoderTensors(options: EncoderProblemOptions, layers: number, seed: number): Record<string, ProblemTensor> {
  const { width, tokens, vocabulary, classes } = options;
  const found: Record<string, ProblemTensor> = {};
  const matrix = (name: string, shape: readonly number[]) => {
    found[`${name}.weight`] = filled(shape, uniform(randomStream(seed, name), BOUND));
  };
  const linear = (name: string, inputs: number, outputs: number) => {
    matrix(name, [outputs, inputs]);
    found[`${name}.bias`] = filled([outputs], () => 0);
  };
  const norm = (name: string) => {
    found[`${name}.weight`] = filled([width], () => 1);
    found[`${name}.bias`] = filled([width], () => 0);
  };
  matrix("embeddings.word", [vocabulary, width]);
  matrix("embeddings.position", [tokens, width]);
  norm("embeddings.norm");
  for (let layer = 0; layer < layers; layer++) {
    for (const part of ["query", "key", "value", "output"]) linear(`layer.${layer}.attention.${part}`, width, width);
    norm(`layer.${layer}.attention.norm`);
    linear(`layer.${layer}.intermediate`, width, 4 * width);
    linear(`layer.${layer}.output`, 4 * width, width);
    norm(`layer.${layer}.norm`);
  }
  linear("classifier", width, classes);
  return found;
}
