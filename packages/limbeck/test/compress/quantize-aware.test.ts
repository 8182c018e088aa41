import { InferenceSession, Tensor as OnnxTensor } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { quantizeAware } from "../../src/compress/quantize-aware.js";
import { wholeSplit } from "../../src/data/dataset.js";
import { buildModel, type ModelChoice } from "../../src/models/index.js";
import { toOnnxForward, toOnnxModel } from "../../src/models/inference.js";
import { type Model, type ModelValues, tensorsOf } from "../../src/models/model.js";
import { offlineJob } from "../../src/schemes/offline.js";
import { Classifier } from "../../src/teachers/classifier.js";
import { openSteps } from "../../src/train/steps.js";
import { dataset as ramp, train } from "../schemes/fixture.js";

/** Eight images of three classes, of 16 × 16. */
const dataset = {
  ...ramp,
  height: 16,
  width: 16,
  pixels: Uint8Array.from({ length: 8 * 256 }, (_, i) => (i * 37 + (i % 1021)) % 251),
};
const build = (choice: ModelChoice) => buildModel(choice, dataset, 3);
const STEPS = 30;
const labels = [{ loss: "cross-entropy", weight: 1, labelSmoothing: 0 }];
const images = Float32Array.from({ length: 64 * 256 }, (_, i) => ((i * 7919) % 1009) / 1009);

const aware = (choice: ModelChoice, weights: 4 | 8 = 8) =>
  quantizeAware(build(choice), dataset, { weights, start: 0.2, freeze: 0.8 }, STEPS);

async function trainedSteps(
  model: ReturnType<typeof aware>,
  from = 0,
  to = STEPS,
  state?: Record<string, Float32Array>,
) {
  const job = offlineJob({
    model,
    split: wholeSplit(dataset),
    train: { ...train, epochs: STEPS / 2, batchSize: 4, learningRate: 0.02 },
    terms: labels,
    seed: 3,
  });
  const steps = await openSteps(job, { step: from, state: state ?? job.initial, threads: 1 });
  while (steps.step < to) await steps.next();
  const values = Object.fromEntries(Object.entries(steps.state()).map(([name, data]) => [name, data.slice()]));
  await steps.release();
  return values as Record<string, Float32Array>;
}

async function answers(file: Uint8Array, own?: Parameters<Classifier["setValues"]>) {
  const classifier = await Classifier.load(file, dataset, 1);
  if (own) classifier.setValues(...own);
  const logits = await classifier.logits(images, 64);
  await classifier.release();
  return logits;
}

/** The same of a file that runs node by node, without fused kernels. */
async function plainAnswers(file: Uint8Array, model?: Model, values: ModelValues = {}) {
  const session = await InferenceSession.create(file, { graphOptimizationLevel: "disabled", intraOpNumThreads: 1 });
  const own = (model ? tensorsOf(model) : []).filter(({ name }) => session.inputNames.includes(name));
  const weights = own.map(({ name, shape }) => [name, new OnnxTensor("float32", values[name]!, shape)] as const);
  const feeds = { images: new OnnxTensor("float32", images, [64, 1, 16, 16]), ...Object.fromEntries(weights) };
  const { logits } = await session.run(feeds);
  await session.release();
  return logits!.data as Float32Array;
}

/** The largest distance of answers, as a share of the largest answer. */
function distance(one: Float32Array, other: Float32Array): number {
  const largest = one.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return one.reduce((most, value, i) => Math.max(most, Math.abs(value - other[i]!)), 0) / largest;
}

const tops = (logits: Float32Array) =>
  Array.from({ length: logits.length / 3 }, (_, i) => {
    const row = [...logits.subarray(i * 3, i * 3 + 3)];
    return row.indexOf(Math.max(...row));
  });

describe("a student that is trained for 8 bits", () => {
  it.each<[ModelChoice, 4 | 8]>([
    [{ family: "mlp", hidden: [16, 8], dropout: { input: 0.1, hidden: 0.1 } }, 8],
    [{ family: "mlp", hidden: [16, 8] }, 4],
    [{ family: "lenet" }, 8],
    [{ family: "resnet", depth: 8, width: 0.25 }, 8],
  ])("answers as it is exported: %o, weights of %i bits", async (choice, bits) => {
    const model = aware(choice, bits);
    const values = await trainedSteps(model);
    const rounded = await plainAnswers(toOnnxForward(model, dataset), model, values);
    const file = toOnnxModel(model, dataset, values);
    // Biases become whole numbers in the file alone; behind several layers that turns the rounding of some values.
    expect(distance(rounded, await plainAnswers(file))).toBeLessThan(choice.family === "resnet" ? 0.03 : 4e-3);
    const integers = await answers(file);
    expect(distance(rounded, integers)).toBeLessThan(0.03);
    expect(tops(integers)).toEqual(tops(rounded));
    const exact = await answers(toOnnxForward(build(choice), dataset), [build(choice), values]);
    expect(distance(rounded, exact)).toBeGreaterThan(1e-3);
  });

  it("goes on where it stopped, to the same numbers", async () => {
    const model = aware({ family: "mlp", hidden: [8] });
    const half = await trainedSteps(model, 0, STEPS / 2);
    expect(half["quantize.step"]).toEqual(Float32Array.of(STEPS / 2));
    expect(await trainedSteps(model, STEPS / 2, STEPS, half)).toEqual(await trainedSteps(model));
  });

  it("is exact before its start, and keeps its ranges after their freeze", async () => {
    const model = aware({ family: "mlp", hidden: [8] });
    const early = await trainedSteps(model, 0, 5);
    const exact = build({ family: "mlp", hidden: [8] });
    const forward = await answers(toOnnxForward(model, dataset), [model, early]);
    expect(forward).toEqual(await answers(toOnnxForward(exact, dataset), [exact, early]));
    const ranges = (values: Record<string, Float32Array>) =>
      Object.entries(values).filter(([name]) => /\.(low|high)$/.test(name));
    const frozen = await trainedSteps(model, 0, 24);
    expect(ranges(frozen).length).toBeGreaterThan(2);
    expect(ranges(await trainedSteps(model))).toEqual(ranges(frozen));
  });

  it("cannot be one that is exported in another form", () => {
    expect(() => aware({ family: "repvgg", size: "A0", width: 0.25 })).toThrow(/repvgg cannot be trained for 8 bits/);
  });
});
