import { describe, expect, it } from "vitest";
import { channelGroups } from "../../src/compress/channel-groups.js";
import { compressed } from "../../src/compress/index.js";
import { shareOfZeros } from "../../src/compress/measure.js";
import { type PruneTraining, pruneOptions } from "../../src/compress/options.js";
import { PruneSchedule } from "../../src/compress/schedule.js";
import { wholeSplit } from "../../src/data/dataset.js";
import { buildModel, type ModelChoice } from "../../src/models/index.js";
import { toOnnxForward, toOnnxModel } from "../../src/models/inference.js";
import { type Model, type ModelValues, parameterCount } from "../../src/models/model.js";
import { offlineJob } from "../../src/schemes/offline.js";
import { Classifier } from "../../src/teachers/classifier.js";
import { openSteps } from "../../src/train/steps.js";
import { dataset, train } from "../schemes/fixture.js";
import { expectCloseNumbers } from "../schemes/steps.js";

const STEPS = 12;
const images = Float32Array.from({ length: 16 * 64 }, (_, i) => ((i * 7919) % 1009) / 1009);
const build = (choice: ModelChoice) => buildModel(choice, dataset, 3);
const magnitude = { kind: "magnitude", sparsity: 0.8, start: 0, end: 0.5, updates: 3 } as const;
const channels = { kind: "channels", sparsity: 0.5, start: 0, end: 0.5, updates: 3 } as const;
const pruned = (choice: ModelChoice, options: object, rest = {}) =>
  compressed(build(choice), dataset, { prune: pruneOptions.parse(options), ...rest }, STEPS);

async function trained(model: Model, from = 0, to = STEPS, state?: ModelValues): Promise<ModelValues> {
  const job = offlineJob({
    model,
    split: wholeSplit(dataset),
    train: { ...train, epochs: STEPS / 2, batchSize: 4 },
    terms: [{ loss: "cross-entropy", weight: 1, labelSmoothing: 0 }],
    seed: 3,
  });
  const steps = await openSteps(job, { step: from, state: state ?? job.initial, threads: 1 });
  while (steps.step < to) await steps.next();
  const values = Object.fromEntries(Object.entries(steps.state()).map(([name, data]) => [name, data.slice()]));
  await steps.release();
  return values as ModelValues;
}

async function answers(file: Uint8Array, own?: [Model, ModelValues]) {
  const classifier = await Classifier.load(file, dataset, 1);
  if (own) classifier.setValues(...own);
  const logits = (await classifier.logits(images, 16)).slice();
  await classifier.release();
  return logits;
}

/** That the exported file answers as the model that trains. */
async function expectSameAnswers(model: Model, values: ModelValues, digits = 4) {
  expectCloseNumbers(
    await answers(toOnnxModel(model, dataset, values)),
    await answers(toOnnxForward(model, dataset), [model, values]),
    digits,
  );
}

describe("the schedule", () => {
  it("is Zhu and Gupta's", () => {
    const options = pruneOptions.parse({ ...magnitude, start: 0.1, end: 0.5, updates: 4 });
    const schedule = new PruneSchedule(options, 100);
    expect(schedule.at(9)).toBeUndefined();
    expect(schedule.at(10)).toBe(0);
    expect(schedule.at(11)).toBeUndefined();
    expect(schedule.at(20)).toBeCloseTo(0.8 * (1 - 0.75 ** 3), 12);
    expect(schedule.at(50)).toBe(0.8);
    expect(schedule.at(60)).toBeUndefined();
  });

  it("comes to its end in the last step at the latest", () => {
    expect(new PruneSchedule(pruneOptions.parse({ ...magnitude, end: 1 }), 10).at(9)).toBe(0.8);
  });
});

describe("a student that loses weights", () => {
  const choice = { family: "mlp", hidden: [12, 6] };
  const weights = ["fc1.weight", "fc2.weight", "fc3.weight"];
  const zeros = (values: ModelValues, names: readonly string[]) => {
    const all = names.flatMap((name) => [...values[`prune.${name}.mask`]!]);
    return all.filter((value) => value === 0).length / all.length;
  };

  it.each(["global", "layer"])("has so many zeros: %s", async (scope) => {
    const model = pruned(choice, { ...magnitude, scope });
    const values = await trained(model);
    expect(zeros(values, weights)).toBeCloseTo(0.8, 2);
    expect(shareOfZeros(model, values)).toBe(zeros(values, weights));
    if (scope === "layer") expect(zeros(values, ["fc3.weight"])).toBeCloseTo(0.8, 1);
    const kept = model.deployed!.convert(values);
    for (const name of weights) {
      const mask = values[`prune.${name}.mask`]!;
      expect([...kept[name]!].every((value, i) => mask[i] === 1 || value === 0)).toBe(true);
    }
    await expectSameAnswers(model, values);
  });

  it("goes on where it stopped, to the same numbers", async () => {
    const model = pruned(choice, magnitude);
    const half = await trained(model, 0, 4);
    expect(await trained(model, 4, STEPS, half)).toEqual(await trained(model));
  });

  it("can be quantized as well", async () => {
    const quantize = { weights: 8, start: 0.2, freeze: 0.9 };
    await expectSameAnswers(...(await withValues(pruned(choice, magnitude, { quantize }))), 1);
    await expectSameAnswers(...(await withValues(pruned(choice, channels, { quantize }))), 1);
  });
});

async function withValues(model: Model): Promise<[Model, ModelValues]> {
  return [model, await trained(model)];
}

describe("a student that loses channels", () => {
  it.each<[ModelChoice, Partial<PruneTraining>]>([
    [{ family: "mlp", hidden: [12, 6] }, {}],
    [{ family: "vgg", depth: 8, width: 0.125 }, { by: "batch-norm" }],
    [{ family: "resnet", depth: 8, width: 0.5 }, {}],
  ])("is smaller and answers the same: %o", async (choice, more) => {
    const model = pruned(choice, { ...channels, ...more });
    const [plain, values] = [build(choice), await trained(model)];
    expect(parameterCount(model)).toBeLessThan(0.75 * parameterCount(plain));
    await expectSameAnswers(model, values);
  });

  it("takes depthwise layers along", () => {
    const model = pruned({ family: "mobilenetv2", width: 0.25 }, channels);
    expect(parameterCount(model)).toBeLessThan(0.8 * parameterCount(build({ family: "mobilenetv2", width: 0.25 })));
  });

  it("keeps what residual connections add up, and says so", () => {
    const { groups, excluded } = channelGroups(build({ family: "resnet", depth: 8 }), [1, 1, 8, 8]);
    expect(groups.map(({ weight }) => weight)).toEqual([
      "layer1.0.conv1.weight",
      "layer2.0.conv1.weight",
      "layer3.0.conv1.weight",
    ]);
    expect(excluded.get("conv1.weight")).toMatch(/residual connection/);
    expect(excluded.get("fc.weight")).toBe("they are the answers");
  });

  it("must have some that can go", () => {
    expect(() => pruned({ family: "vit", depth: 1, dim: 8, heads: 2 }, channels)).toThrow(/vit cannot lose channels/);
  });
});
