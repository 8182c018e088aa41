import { TrainingSession, type TrainingState } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { expect } from "vitest";
import { wholeSplit } from "../../src/data/dataset.js";
import { buildModel, type ModelChoice } from "../../src/models/index.js";
import { toOnnxModel } from "../../src/models/inference.js";
import type { Model, ModelValues } from "../../src/models/model.js";
import type { DistillTerm } from "../../src/recipe/schema.js";
import { wirings } from "../../src/schemes/index.js";
import type { TrainingJob } from "../../src/schemes/job.js";
import { offlineJob } from "../../src/schemes/offline.js";
import { Classifier } from "../../src/teachers/classifier.js";
import { liveTeacher } from "../../src/teachers/teacher.js";
import { openSteps } from "../../src/train/steps.js";
import { dataset, train as momentum } from "./fixture.js";

/** Plain descent, so that a step shows the gradient. */
export const train = {
  ...momentum,
  optimizer: { name: "sgd", momentum: 0, nesterov: false, weightDecay: 0 },
} as const;
export const split = wholeSplit(dataset);
export const small: ModelChoice = { family: "mlp", hidden: [5] };

/** kd of a temperature, and hard labels. */
export const kdAndLabels = (temperature: number): DistillTerm[] => [
  { loss: "kd", weight: 1, temperature },
  { loss: "cross-entropy", weight: 1, labelSmoothing: 0 },
];

export const build = (choice: ModelChoice): Model => buildModel(choice, dataset, dataset.classes.length);

/** A training of a scheme on the fixture's images. */
export function jobOf(scheme: string, student: ModelChoice, terms: DistillTerm[], options: object, changes = {}) {
  const given = { model: build(student), split, train: { ...train, ...changes }, terms, seed: 3 };
  return wirings[scheme]!.job({ ...given, options: { ...options } });
}

/** One step: what it reports, and all values after it. */
export async function stepOf(job: TrainingJob, state: ModelValues = job.initial, step = 0) {
  const session = await TrainingSession.create(job.program, nodeBackend, { seed: 3, state, threads: 1 });
  const report = await session.run(await job.feeds(step), 0.5);
  const after = Object.fromEntries(Object.entries(session.state()).map(([name, values]) => [name, values.slice()]));
  await session.release();
  return { report, after: after as ModelValues };
}

/** Of all values those with a prefix, without it; without one those with plain names. */
export function valuesOf(state: ModelValues, prefix: string): ModelValues {
  const own = Object.entries(state).filter(([name]) => (prefix ? name.startsWith(prefix) : !name.includes("/")));
  return Object.fromEntries(own.map(([name, values]) => [name.slice(prefix.length), values]));
}

/** Makes the logits of a teacher of models' answers to samples. */
type Target = (answers: readonly Float32Array[], samples: Uint32Array) => Float32Array | Promise<Float32Array>;

/** A step of one model alone, taught by what others, frozen, answer in their inference form. @param learned the samples */
export async function offlineStep(
  model: Model,
  values: ModelValues,
  others: readonly (readonly [Model, ModelValues])[],
  terms: DistillTerm[],
  target: Target,
  learned = split,
) {
  const classifiers = await Promise.all(
    others.map(([other, theirs]) => Classifier.load(toOnnxModel(other, dataset, theirs), dataset, 1)),
  );
  const teacher = liveTeacher(async (images, samples) => {
    const answers = await Promise.all(classifiers.map((one) => one.logits(images, samples.length)));
    return target(answers, samples);
  });
  const result = await stepOf(offlineJob({ model, split: learned, train, terms, seed: 3, teacher }), values);
  for (const classifier of classifiers) await classifier.release();
  return result;
}

/** Probability of one entry of rows of three logits. */
export function softmax(logits: Float32Array, i: number): number {
  const row = logits.slice(i - (i % 3), i - (i % 3) + 3);
  const largest = Math.max(...row);
  return Math.exp(logits[i]! - largest) / row.reduce((sum, z) => sum + Math.exp(z - largest), 0);
}

/** Numbers that agree to so many decimals. */
export function expectCloseNumbers(actual: ArrayLike<number>, expected: ArrayLike<number>, digits = 4): void {
  expect(actual.length).toBe(expected.length);
  Array.from(expected).forEach((value, i) => {
    expect(actual[i], `[${i}]`).toBeCloseTo(value, digits);
  });
}

export function expectClose(actual: ModelValues, expected: ModelValues): void {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, values] of Object.entries(expected)) {
    for (const [i, value] of values.entries()) expect(actual[name]![i], `${name}[${i}]`).toBeCloseTo(value, 5);
  }
}

/** Values after some steps of a job, its turns included, and what they reported. */
export async function afterSteps(job: TrainingJob, count: number, from?: { step: number; state: TrainingState }) {
  const steps = await openSteps(job, { step: 0, state: job.initial, threads: 1, ...from });
  const reports = [];
  for (let i = 0; i < count; i++) reports.push(await steps.next());
  const state = Object.fromEntries(Object.entries(steps.state()).map(([name, values]) => [name, values.slice()]));
  const { step } = steps;
  await steps.release();
  return { state, reports, step };
}
