import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { TrainingSession } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { beforeAll, describe, expect, it } from "vitest";
import { quantized } from "../../../graph/test/quantizing.js";
import { wholeSplit } from "../../src/data/dataset.js";
import { buildModel } from "../../src/models/index.js";
import { toOnnxModel } from "../../src/models/inference.js";
import { initialize } from "../../src/models/model.js";
import { type DistillTerm, parseTerms, type TrainOptions } from "../../src/recipe/schema.js";
import { offlineJob } from "../../src/schemes/offline.js";
import { Classifier } from "../../src/teachers/classifier.js";
import { type OnnxTeacher, openOnnxTeacher } from "../../src/teachers/onnx/teacher.js";
import { temporaryFolder } from "../runs/harness.js";

const dataset = {
  name: "waves",
  size: 16,
  channels: 1,
  height: 8,
  width: 8,
  classes: ["a", "b", "c"],
  pixels: Uint8Array.from({ length: 16 * 64 }, (_, i) => 128 + 127 * Math.sin(i * i)),
  labels: Uint8Array.from({ length: 16 }, (_, i) => i % 3),
};
const images = Float32Array.from(dataset.pixels, (pixel) => pixel / 255);

const train: TrainOptions = {
  epochs: 1,
  batchSize: 8,
  optimizer: { name: "sgd", momentum: 0.9, nesterov: false, weightDecay: 0 },
  learningRate: 0.01,
  decay: "constant",
  warmupEpochs: 0,
  augment: [],
};

describe("a quantized teacher", () => {
  const original = buildModel({ family: "resnet", depth: 8 }, dataset, 3);
  const plain = toOnnxModel(original, dataset, initialize(original, 3));
  let teacher: OnnxTeacher;
  beforeAll(async () => {
    const asked = { input: "images", shape: [16, 1, 8, 8], data: images };
    const path = join(temporaryFolder(), "quantized.onnx");
    writeFileSync(path, await quantized(plain, asked));
    teacher = await openOnnxTeacher({ onnx: path }, dataset, 3, []);
  });

  it("answers nearly as it did before", async () => {
    const answers = async (file: Uint8Array) => {
      const classifier = await Classifier.load(file, dataset, 1);
      const logits = await classifier.logits(images, 16);
      await classifier.release();
      return logits;
    };
    const [expected, quantized] = [await answers(plain), await answers(teacher.file)];
    const largest = Math.max(...expected.map(Math.abs));
    for (const [i, value] of quantized.entries()) expect(Math.abs(value - expected[i]!)).toBeLessThan(0.15 * largest);
  });

  it("is looked into while a student learns, and no gradient is asked of it", async () => {
    const model = buildModel({ family: "resnet", depth: 8, width: 0.5 }, dataset, 3);
    const terms: DistillTerm[] = parseTerms([
      { loss: "kd" },
      { loss: "fitnets", student: "stage2", teacher: "relu_5", weight: 0.01 },
      { loss: "cat-kd" },
    ]);
    const liveTeacher = { model: teacher.model, values: {} };
    const job = offlineJob({ model, split: wholeSplit(dataset), train, terms, seed: 2, liveTeacher });
    const session = await TrainingSession.create(job.program, nodeBackend, { seed: 2, state: job.initial, threads: 1 });
    const reports = [];
    const feeds = await job.feeds(0);
    for (let step = 0; step < 20; step++) reports.push(await session.run(feeds, 0.01));
    await session.release();
    expect(Object.keys(reports[0]!)).toEqual(["loss", "kd", "fitnets", "cat-kd"]);
    expect(reports.at(-1)!.fitnets).toBeLessThan(reports[0]!.fitnets!);
    for (const value of Object.values(reports.at(-1)!)) expect(value).toBeGreaterThan(0);
  });
});
