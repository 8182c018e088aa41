import { createGraph, gradients, ops } from "@limbeck/graph";
import { describe, expect, it } from "vitest";
import { buildModel } from "../../src/models/index.js";
import { toOnnxModel } from "../../src/models/inference.js";
import { constant } from "../../src/models/initial.js";
import { initialize, type Model, type ModelValues, parameterCount } from "../../src/models/model.js";
import { Classifier } from "../../src/teachers/classifier.js";
import { combineByLabels } from "../../src/teachers/ensemble/correctness.js";
import { ensembleModel, ensembleValues, sideBySide } from "../../src/teachers/ensemble/model.js";
import type { EnsembleRule } from "../../src/teachers/ensemble/options.js";

const ROW = { channels: 1, height: 1, width: 3 };

/** Answers with its three pixels times a factor: what it says can be worked out by hand. */
const stretch: Model = {
  family: "stretch",
  parameters: [{ name: "factor", shape: [3], init: constant(1) }],
  buffers: [],
  forward: (images, { factor }) => {
    const logits = ops.mul(ops.reshape(images, [-1, 3]), factor!);
    return { logits, taps: { logits }, buffers: {} };
  },
};

const FACTORS = [
  [1, 2, 3],
  [-4, 0.5, 6],
  [30, -2, 1],
];
const IMAGES = [
  [0.2, 0.9, 0.4],
  [1, 0, 0.5],
];
const LOGITS = FACTORS.map((factors) => IMAGES.map((image) => image.map((pixel, c) => pixel * factors[c]!)));

const softmax = (row: readonly number[], t = 1) => {
  const powers = row.map((x) => Math.exp(x / t));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((x) => x / sum);
};
const normalized = (values: readonly number[]) => values.map((x) => x / values.reduce((a, b) => a + b, 0));

/** Mixtures [images, classes] of softened distributions, by weights of members for each image. */
function mixtures(weights: readonly (readonly number[])[], temperature: number): number[][] {
  return IMAGES.map((_, n) =>
    [0, 1, 2].map((c) =>
      LOGITS.reduce((sum, rows, k) => sum + weights[n]![k]! * softmax(rows[n]!, temperature)[c]!, 0),
    ),
  );
}

async function answers(model: Model, values: ModelValues, images: readonly (readonly number[])[] = IMAGES) {
  const classifier = await Classifier.load(toOnnxModel(model, ROW, values), ROW, 1);
  const logits = await classifier.logits(Float32Array.from(images.flat()), images.length);
  await classifier.release();
  return logits;
}

const members = FACTORS.map(() => stretch);
const values = ensembleValues(FACTORS.map((factors) => ({ factor: Float32Array.from(factors) })));

const entropy = (p: readonly number[]) => -p.reduce((sum, x) => sum + (x === 0 ? 0 : x * Math.log(x)), 0);
const EQUAL = IMAGES.map(() => normalized([1, 1, 1]));
const BY_RULE: readonly [Omit<EnsembleRule, "temperature">, readonly (readonly number[])[]][] = [
  [{ combine: "mean" }, EQUAL],
  [{ combine: "weighted", weights: [1, 2, 5] }, IMAGES.map(() => [1 / 8, 2 / 8, 5 / 8])],
  [
    { combine: "confidence" },
    IMAGES.map((_, n) => normalized(LOGITS.map((rows) => Math.exp(-entropy(softmax(rows[n]!)))))),
  ],
  // Without labels there is nothing to be right about.
  [{ combine: "correctness" }, EQUAL],
];

describe.each([1, 4])("at temperature %d, an ensemble's softened answers are the mixture", (temperature) => {
  it.each(BY_RULE)("%o", async (rule, weights) => {
    const logits = await answers(ensembleModel(members, { ...rule, temperature }), values);
    const wanted = mixtures(weights, temperature);
    IMAGES.forEach((_, n) => {
      softmax([...logits.subarray(n * 3, n * 3 + 3)], temperature).forEach((p, c) => {
        expect(p).toBeCloseTo(wanted[n]![c]!, 5);
      });
    });
  });

  it("of members weighed by the probability that they give to the label", async () => {
    const beside = await answers(sideBySide(members), values);
    const labels = Uint8Array.of(2, 0);
    const logits = combineByLabels(beside, labels, 3, temperature);
    const weights = IMAGES.map((_, n) => normalized(LOGITS.map((rows) => softmax(rows[n]!)[labels[n]!]!)));
    const wanted = mixtures(weights, temperature);
    IMAGES.forEach((_, n) => {
      softmax([...logits.subarray(n * 3, n * 3 + 3)], temperature).forEach((p, c) => {
        expect(p).toBeCloseTo(wanted[n]![c]!, 5);
      });
    });
  });
});

it.each(["mean", "confidence"] as const)("%s stays finite where members are beyond doubt", async (combine) => {
  const sure = [
    [1e4, 0, 0],
    [0, 1e4, 0],
  ].map((factors) => ({ factor: Float32Array.from(factors) }));
  const model = ensembleModel([stretch, stretch], { combine, temperature: 1 });
  const logits = await answers(model, ensembleValues(sure), [[1, 1, 1]]);
  expect(logits[0]).toBeCloseTo(Math.log(0.5), 5);
  expect(logits[1]).toBeCloseTo(Math.log(0.5), 5);
  expect(logits[2]).toBeLessThan(-9000);
  expect(combineByLabels(Float32Array.of(1e4, 0, 0, 0, 1e4, 0), Uint8Array.of(1), 3, 1)[1]).toBeCloseTo(0, 5);
});

describe("an ensemble of real networks", () => {
  const geometry = { channels: 1, height: 8, width: 8 };
  const pair = [buildModel({ family: "repvgg" }, geometry, 4), buildModel({ family: "resnet", depth: 8 }, geometry, 4)];
  const trained = pair.map((model, i) => initialize(model, i + 1));
  const model = ensembleModel(pair, { combine: "mean", temperature: 1 });

  it("is exported in its members' deployed forms, with all their weights", async () => {
    const image = Float32Array.from({ length: 64 }, (_, i) => (i % 7) / 7);
    const ask = async (file: Uint8Array) => {
      const classifier = await Classifier.load(file, geometry, 1);
      const logits = await classifier.logits(image, 1);
      await classifier.release();
      return softmax([...logits]);
    };
    const alone = await Promise.all(pair.map((member, i) => ask(toOnnxModel(member, geometry, trained[i]!))));
    const together = await ask(toOnnxModel(model, geometry, ensembleValues(trained)));
    together.forEach((p, c) => {
      expect(p).toBeCloseTo((alone[0]![c]! + alone[1]![c]!) / 2, 5);
    });
    expect(parameterCount(model)).toBe(pair.reduce((sum, member) => sum + parameterCount(member), 0));
  });

  it("has its members' taps by their places", () => {
    const graph = createGraph();
    const images = graph.input("images", "float32", [2, 1, 8, 8]);
    const weights = Object.fromEntries(
      [...model.parameters, ...model.buffers].map(({ name, shape }) => [name, graph.parameter(name, "float32", shape)]),
    );
    const { taps, logits } = model.forward(images, weights, false);
    expect(taps).toHaveProperty(["member1/stage2"]);
    expect(Object.keys(taps).filter((name) => !/^member[01]\//.test(name))).toEqual([]);
    expect(gradients(ops.reduceSum(logits), [images])).toHaveLength(1);
  });
});
