import { readRecipe } from "limbeck";
import { expect, it } from "vitest";
import { toOnnxModel } from "../../src/models/inference.js";
import { initialize } from "../../src/models/model.js";
import { parseTerms } from "../../src/recipe/schema.js";
import { modelFor, type RunContext } from "../../src/runs/context.js";
import type { RunEvent } from "../../src/runs/events.js";
import { featureSamples, partsOf } from "../../src/runs/features.js";
import { RunFolder } from "../../src/runs/folder.js";
import { openNetworks } from "../../src/runs/networks.js";
import { loadSamples, type RunSamples } from "../../src/runs/samples.js";
import { Classifier } from "../../src/teachers/classifier.js";
import { writeNetwork } from "../imported/files.js";
import { prepareRun } from "./harness.js";

async function open(trainable: string[]) {
  const model = { onnx: "network-5-true-false.onnx", trainable };
  const student = { model, train: { epochs: 1, batchSize: 16 } };
  const given = prepareRun({ teacher: undefined, student, distill: [{ loss: "cross-entropy" }] });
  writeNetwork(given.folder);
  const folder = RunFolder.create(given.runDir, readRecipe(given.recipe), { threads: 1, goal: "report", reuse: false });
  const recipe = folder.recipe();
  const { signal } = new AbortController();
  const samples = await openNetworks(folder, recipe, await loadSamples(recipe, signal));
  const context = { folder, recipe, samples, threads: 1, signal } as unknown as RunContext;
  return { context, recipe, network: modelFor(context, recipe.student.model) };
}

async function drained(features: AsyncGenerator<RunEvent, RunSamples>) {
  const events: string[] = [];
  for (;;) {
    const next = await features.next();
    if (next.done) return { samples: next.value, events };
    events.push(next.value.type);
  }
}

it("a head answers to features as the whole network does to images, and features are computed once", async () => {
  const { context, recipe, network } = await open(["head.*"]);
  const terms = parseTerms([{ loss: "cross-entropy" }]);
  const parts = partsOf(network, recipe.student.train, terms)!;
  const { samples, events } = await drained(featureSamples(context, parts));
  expect([events.at(0), events.at(-1)]).toEqual(["phase-start", "phase-end"]);
  const values = initialize(network, 3);
  const answers = async (model: typeof network, { test }: RunSamples) => {
    const classifier = await Classifier.load(toOnnxModel(model, test.dataset, values), test.dataset, 1);
    const logits = await classifier.classify(test);
    await classifier.release();
    return logits;
  };
  const [whole, head] = [await answers(network, context.samples), await answers(parts.head, samples)];
  for (const [i, value] of head.entries()) expect(value).toBeCloseTo(whole[i]!, 5);
  expect(samples.train.indices).toEqual(context.samples.train.indices);
  const again = await drained(featureSamples(context, parts));
  expect(again.events).toEqual([]);
  expect(again.samples.train.dataset.pixels).toEqual(samples.train.dataset.pixels);
});

it("is left where more than the head learns, images change, or terms look inside", async () => {
  const [all, headOnly] = [await open(["conv2.*"]), await open(["head.*"])];
  const { train } = headOnly.recipe.student;
  const plain = parseTerms([{ loss: "cross-entropy" }]);
  expect(partsOf(all.network, train, plain)).toBeUndefined();
  expect(partsOf(headOnly.network, { ...train, augment: [{ name: "jitter", pixels: 1 }] }, plain)).toBeUndefined();
  const inside = parseTerms([{ loss: "fitnets", student: "maps", teacher: "maps" }]);
  expect(partsOf(headOnly.network, train, inside)).toBeUndefined();
  expect(partsOf(headOnly.network, train, parseTerms([{ loss: "kd" }]))).toBeDefined();
});
