import { createGraph, fromOnnx, graphCost, randomStream, TrainingSession } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { describe, expect, it } from "vitest";
import type { Split } from "../../src/data/dataset.js";
import { wholeSplit } from "../../src/data/dataset.js";
import { buildModel, type ModelChoice, modelFamilies } from "../../src/models/index.js";
import { toOnnxModel } from "../../src/models/inference.js";
import { declareTensors, initialize, type Model, tensorsOf } from "../../src/models/model.js";
import { recipeSchema } from "../../src/recipe/schema.js";
import { HARD_LABELS } from "../../src/runs/arms.js";
import { offlineJob } from "../../src/schemes/offline.js";
import { LimbeckError } from "../../src/support/errors.js";
import { Classifier } from "../../src/teachers/classifier.js";

const CLASSES = 5;
const GEOMETRY = { channels: 3, height: 16, width: 16 };
/** All samples, so that losses of different steps can be compared. */
const BATCH = 12;
const STEPS = 8;

/** A small member of every family, with what is left of its normalizations in an exported file. */
const SMALL: readonly (readonly [ModelChoice, unfolded: number])[] = [
  [{ family: "mlp", hidden: [12], dropout: { input: 0.1, hidden: 0.1 } }, 0],
  [{ family: "lenet", width: 0.5 }, 0],
  [{ family: "lenet", width: 0.5, activation: "tanh", pool: "average" }, 0],
  [{ family: "resnet", depth: 8, width: 0.25 }, 0],
  [{ family: "resnet", depth: 8, width: 0.25, shortcut: "padding" }, 0],
  // Normalizations behind a sum have no convolution to go into: the first of each block, and the last one.
  [{ family: "wrn", depth: 10, width: 0.5, dropout: 0.3 }, 3],
  [{ family: "vgg", depth: 8, width: 0.0625 }, 0],
  [{ family: "mobilenetv2", width: 0.25, expansion: 2 }, 0],
  [{ family: "mobilenetv3", size: "small", width: 0.25 }, 0],
  [{ family: "mobilenetv3", size: "large", width: 0.25, outputStride: 16 }, 0],
  [{ family: "shufflenetv2", width: 0.5 }, 0],
  [{ family: "efficientnet-lite", width: 0.25, depth: 0.5 }, 0],
  [{ family: "repvgg", width: 0.125 }, 0],
  [{ family: "resnet", depth: 8, width: 0.25, resolution: 20 }, 0],
  [{ family: "repvgg", width: 0.125, resolution: 8 }, 0],
  [{ family: "vit", dim: 16, depth: 2, heads: 2 }, 0],
  [{ family: "vit", dim: 16, depth: 2, heads: 2, distilled: true, dropPath: 0.2 }, 0],
  [{ family: "mlp-mixer", dim: 16, depth: 2, dropPath: 0.2 }, 0],
  [{ family: "bytes", embedding: 4, channels: [8, 8] }, 0],
  [{ family: "ngrams", lengths: [1, 3], buckets: 64, embedding: 8, hidden: [8] }, 0],
];

const split: Split = wholeSplit({
  ...GEOMETRY,
  name: "noise",
  size: 12,
  classes: Array.from({ length: CLASSES }, (_, k) => `${k}`),
  labels: Uint8Array.from({ length: 12 }, (_, i) => i % CLASSES),
  pixels: Uint8Array.from(
    { length: 12 * 768 },
    (
      (random) => () =>
        random.below(256)
    )(randomStream(3)),
  ),
});

const train = recipeSchema.shape.student.shape.train.parse({ epochs: STEPS, batchSize: BATCH, learningRate: 0.01 });

/** Values after a few steps, so that running statistics and normalizations are no longer what they were at first. */
async function trained(model: Model) {
  const job = offlineJob({ model, split, train, terms: HARD_LABELS, seed: 1 });
  const session = await TrainingSession.create(job.program, nodeBackend, { seed: 1, state: job.initial, threads: 1 });
  const losses: number[] = [];
  for (let step = 0; step < STEPS; step++) losses.push((await session.run(await job.feeds(step), 0.01)).loss!);
  const state = session.state();
  const values = Object.fromEntries(
    tensorsOf(model).map(({ name }) => [
      name,
      (state[name] as Float32Array | undefined)?.slice() ?? job.initial[name]!,
    ]),
  );
  await session.release();
  return { losses, values, initial: job.initial };
}

const images = Float32Array.from(
  { length: 3 * 768 },
  (
    (random) => () =>
      random.uniform()
  )(randomStream(4)),
);

async function answers(classifier: Classifier): Promise<Float32Array> {
  const logits = await classifier.logits(images, 3);
  const copy = logits.slice();
  await classifier.release();
  return copy;
}

it("every family has a small member here, and members of its own that its options allow", () => {
  expect(new Set(SMALL.map(([{ family }]) => family))).toEqual(new Set(modelFamilies.map(({ name }) => name)));
  for (const { members, options } of modelFamilies) {
    expect(members.length).toBeGreaterThan(0);
    for (const member of members) options.parse(member.options);
  }
});

describe.each(SMALL)("%j", (choice, unfolded) => {
  const model = buildModel(choice, GEOMETRY, CLASSES);

  it("names its tensors as PyTorch does, each once, and its taps", () => {
    const names = tensorsOf(model).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name } of model.buffers) expect(name).toMatch(/\.running_(mean|var)$/);
    const graph = createGraph();
    const input = graph.input("images", "float32", [BATCH, 3, 16, 16]);
    const result = model.forward(input, declareTensors(model, graph), true);
    expect(result.logits.shape).toEqual([BATCH, CLASSES]);
    expect(Object.keys(result.buffers).sort()).toEqual(model.buffers.map(({ name }) => name).sort());
    expect(Object.keys(result.taps).length).toBeGreaterThan(0);
    for (const tap of Object.values(result.taps)) expect(tap.shape[0]).toBe(BATCH);
  });

  it("learns, carries its statistics, and answers alike in evaluation and exported", { timeout: 120_000 }, async () => {
    const { losses, values, initial } = await trained(model);
    expect(losses.every(Number.isFinite)).toBe(true);
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
    for (const { name } of model.buffers) expect(values[name], name).not.toEqual(initial[name]);
    const evaluation = await Classifier.ofModel(model, GEOMETRY, 1);
    evaluation.setValues(model, values);
    const expected = await answers(evaluation);
    const file = toOnnxModel(model, GEOMETRY, values);
    const exported = await answers(await Classifier.load(file, GEOMETRY, 1));
    const scale = Math.max(1, ...expected.map(Math.abs));
    expected.forEach((logit, i) => {
      expect(Math.abs(exported[i]! - logit)).toBeLessThan(1e-5 * scale);
    });
    const { operators } = graphCost((await fromOnnx(file, { dims: { batch: 1 } })).graph);
    expect(operators.BatchNormalization?.count ?? 0).toBe(unfolded);
  });
});

describe("images that are too small", () => {
  it.each([
    [{ family: "vit", patch: 5 }, /do not tile/],
    [{ family: "vit", dim: 16, heads: 3 }, /heads do not divide/],
    [{ family: "lenet" }, /does not take images of 1 × 4 × 4/],
  ])("%j", (choice, message) => {
    const build = () => buildModel(choice, { channels: 1, height: 4, width: 4 }, 3);
    expect(build).toThrow(LimbeckError);
    expect(build).toThrow(message);
  });
});

describe("first values", () => {
  const of = (choice: ModelChoice, name: string) => initialize(buildModel(choice, GEOMETRY, CLASSES), 1)[name]!;
  const largest = (values: Float32Array) => values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const std = (values: Float32Array) => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);

  it("follow each family", () => {
    expect(std(of({ family: "resnet", depth: 8 }, "layer3.0.conv2.weight"))).toBeCloseTo(Math.sqrt(2 / 576), 3);
    expect(std(of({ family: "vgg", depth: 8 }, "classifier.weight"))).toBeCloseTo(0.01, 3);
    expect(std(of({ family: "vit" }, "blocks.0.mlp.fc1.weight"))).toBeCloseTo(0.02, 3);
    const dense = of({ family: "mlp-mixer" }, "blocks.0.mlp_channels.fc1.weight");
    expect(largest(dense)).toBeCloseTo(Math.sqrt(6 / (512 + 2048)), 4);
    const patches = of({ family: "mlp-mixer" }, "stem.proj.weight");
    expect(std(patches)).toBeCloseTo(Math.sqrt(1 / 48), 2);
    expect(largest(patches)).toBeLessThanOrEqual((2 * Math.sqrt(1 / 48)) / 0.8796);
    expect(new Set(of({ family: "mlp-mixer" }, "head.weight"))).toEqual(new Set([0]));
    expect(new Set(of({ family: "resnet", depth: 8 }, "bn1.running_var"))).toEqual(new Set([1]));
    expect(new Set(of({ family: "wrn", depth: 10 }, "fc.bias"))).toEqual(new Set([0]));
    const depthwise = of({ family: "efficientnet-lite" }, "blocks.6.0.conv_dw.weight");
    expect(std(depthwise)).toBeCloseTo(Math.sqrt(2 / 9), 2);
  });

  it("are the seed's", () => {
    const model = buildModel({ family: "resnet", depth: 8 }, GEOMETRY, CLASSES);
    expect(initialize(model, 2)).toEqual(initialize(model, 2));
    expect(initialize(model, 2)["conv1.weight"]).not.toEqual(initialize(model, 3)["conv1.weight"]);
  });
});
