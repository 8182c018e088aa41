import { TrainingSession } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { expect, it } from "vitest";
import { wholeSplit } from "../../src/data/dataset.js";
import { buildModel } from "../../src/models/index.js";
import { toOnnxModel } from "../../src/models/inference.js";
import { initialize } from "../../src/models/model.js";
import type { DistillTerm } from "../../src/recipe/schema.js";
import { type OfflineOptions, offlineJob } from "../../src/schemes/offline.js";
import { Classifier } from "../../src/teachers/classifier.js";
import { liveTeacher } from "../../src/teachers/teacher.js";
import { dataset, train } from "./fixture.js";

async function firstReport(options: Partial<OfflineOptions> & Pick<OfflineOptions, "terms" | "model">) {
  const job = offlineJob({ split: wholeSplit(dataset), train, seed: 3, ...options });
  const session = await TrainingSession.create(job.program, nodeBackend, { seed: 3, state: job.initial, threads: 1 });
  const report = await session.run(await job.feeds(0), 0.01);
  const before = job.initial;
  const after = Object.fromEntries(Object.entries(session.state()).map(([name, values]) => [name, values.slice()]));
  await session.release();
  return { job, report, before, after };
}

const resnet = { family: "resnet", depth: 8 } as const;
const kd: DistillTerm = { loss: "kd", weight: 1, temperature: 4 };

it("a teacher in the graph answers as its exported model does: running statistics, no gradient", async () => {
  const model = buildModel(resnet, dataset, 3);
  const values = initialize(model, 7);
  const classifier = await Classifier.load(toOnnxModel(model, dataset, values), dataset, 1);
  const teacher = liveTeacher((images, samples) => classifier.logits(images, samples.length));
  const outside = await firstReport({ model, terms: [kd], teacher });
  const at: DistillTerm = { loss: "at", weight: 16, power: 2, student: "stage2", teacher: "stage2" };
  const inside = await firstReport({
    model,
    terms: [kd, at, { ...at, student: "stage1" }],
    liveTeacher: { model, values },
  });
  await classifier.release();
  expect(inside.report.kd).toBeCloseTo(outside.report.kd!, 4);
  expect(Object.keys(inside.report)).toEqual(["loss", "kd", "at", "at.2"]);
  expect(inside.report.at).toBeGreaterThan(0);
  expect(inside.job.program.feeds.map(({ name }) => name)).toEqual(["images"]);
  expect(inside.job.program.state.filter(({ name }) => name.includes("teacher"))).toEqual([]);
});

it("adapters are trained with the student, from values that the seed decides", async () => {
  const [model, big] = [buildModel(resnet, dataset, 3), buildModel({ family: "mlp", hidden: [6] }, dataset, 3)];
  const term: DistillTerm = { loss: "cosine", weight: 1, student: "features", teacher: "relu1" };
  const liveTeacher = { model: big, values: initialize(big, 7) };
  const run = () => firstReport({ model, terms: [kd, term], liveTeacher });
  const { before, after } = await run();
  const name = "loss/cosine/adapter.weight";
  expect(after[name]).not.toEqual(before[name]);
  expect((await run()).before[name]).toEqual(before[name]);
});
