import { randomStream } from "@limbeck/graph";
import type { Problem, ProblemTensor } from "../row.js";
import {
  BATCH,
  type BatchOptions,
  BUFFER,
  filled,
  images,
  integers,
  PARAMETER,
  prefixed,
  TEACHER,
  teacherLogits,
  uniform,
} from "./problem.js";

export interface ResnetProblemOptions extends BatchOptions {
  /** Layers: 6n + 2. */
  readonly depth: number;
  /** Layers of a teacher that runs in every step; without it, its logits are given. */
  readonly teacherDepth?: number;
  readonly classes: number;
  /** Height and width of the images. */
  readonly size: number;
}

/** A tenth hard labels, the rest a teacher softened by 4; SGD with momentum, as usual on CIFAR. */
const SETTINGS = { temperature: 4, hardWeight: 0.1, learningRate: 0.01, momentum: 0.9, weightDecay: 5e-4 };
/** Channels of the three stages. */
const WIDTHS = [16, 32, 64];
/** Keeps the activations of a teacher that was never trained in bounds. */
const TEACHER_BRANCH_SCALE = 0.2;

/** Distilling a ResNet for small images (He et al. 2016, section 4.2) with convolutions as shortcuts. */
export function resnetProblem(options: ResnetProblemOptions): Problem {
  const { depth, teacherDepth, classes, size, seed } = options;
  const student = resnetTensors(depth, classes, seed);
  const batches = { images: images(options, [3, size, size]), labels: integers("labels", classes, options) };
  const settings = { ...SETTINGS, depth };
  const common = {
    ...prefixed(PARAMETER, student.parameters),
    ...prefixed(BUFFER, student.statistics),
    ...prefixed(BATCH, batches),
  };
  if (teacherDepth === undefined) {
    return { settings, tensors: { ...common, [`${BATCH}teacherLogits`]: teacherLogits(options, classes) } };
  }
  const teacher = resnetTensors(teacherDepth, classes, seed + 1);
  for (const [name, { data }] of Object.entries(teacher.parameters)) {
    if (name.endsWith("bn2.weight")) data.fill(TEACHER_BRANCH_SCALE);
  }
  return {
    settings: { ...settings, teacherDepth },
    tensors: { ...common, ...prefixed(TEACHER, { ...teacher.parameters, ...teacher.statistics }) },
  };
}

/** Parameters and running statistics by PyTorch's names, as PyTorch's common implementations start them. */
function resnetTensors(depth: number, classes: number, seed: number) {
  const parameters: Record<string, ProblemTensor> = {};
  const statistics: Record<string, ProblemTensor> = {};
  const conv = (name: string, inputs: number, outputs: number, kernel: number) => {
    const bound = Math.sqrt(6 / (outputs * kernel * kernel));
    const shape = [outputs, inputs, kernel, kernel];
    parameters[`${name}.weight`] = filled(shape, uniform(randomStream(seed, name), bound));
  };
  const norm = (name: string, channels: number) => {
    parameters[`${name}.weight`] = filled([channels], () => 1);
    parameters[`${name}.bias`] = filled([channels], () => 0);
    statistics[`${name}.running_mean`] = filled([channels], () => 0);
    statistics[`${name}.running_var`] = filled([channels], () => 1);
  };
  conv("conv1", 3, WIDTHS[0]!, 3);
  norm("bn1", WIDTHS[0]!);
  WIDTHS.forEach((width, stage) => {
    for (let block = 0; block < (depth - 2) / 6; block++) {
      const name = `layer${stage + 1}.${block}`;
      const inputs = block === 0 && stage > 0 ? WIDTHS[stage - 1]! : width;
      conv(`${name}.conv1`, inputs, width, 3);
      norm(`${name}.bn1`, width);
      conv(`${name}.conv2`, width, width, 3);
      norm(`${name}.bn2`, width);
      if (inputs === width) continue;
      conv(`${name}.downsample.0`, inputs, width, 1);
      norm(`${name}.downsample.1`, width);
    }
  });
  for (const [name, shape] of [
    ["fc.weight", [classes, WIDTHS.at(-1)!]],
    ["fc.bias", [classes]],
  ] as const) {
    parameters[name] = filled(shape, uniform(randomStream(seed, name), 1 / Math.sqrt(WIDTHS.at(-1)!)));
  }
  return { parameters, statistics };
}
