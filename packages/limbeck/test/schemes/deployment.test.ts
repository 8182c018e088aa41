import { expect, it } from "vitest";
import { wholeSplit } from "../../src/data/dataset.js";
import { buildModel, type ModelChoice } from "../../src/models/index.js";
import { modelCost, toOnnxModel } from "../../src/models/inference.js";
import { initialize, parameterCount } from "../../src/models/model.js";
import type { DistillTerm } from "../../src/recipe/schema.js";
import { offlineJob } from "../../src/schemes/offline.js";
import { Classifier } from "../../src/teachers/classifier.js";
import { dataset, train } from "./fixture.js";

const simkd: DistillTerm = { loss: "simkd", weight: 1, factor: 2 };
const kd: DistillTerm = { loss: "kd", weight: 1, temperature: 1 };

const teacher = buildModel({ family: "resnet", depth: 8, width: 0.5 }, dataset, 3);

function jobOf(student: ModelChoice, terms: readonly DistillTerm[]) {
  const model = buildModel(student, dataset, 3);
  const live = { model: teacher, values: initialize(teacher, 7) };
  const job = offlineJob({ model, split: wholeSplit(dataset), train, terms, seed: 3, liveTeacher: live });
  return { model, job, values: { ...job.initial, ...job.unused } as Record<string, Float32Array> };
}

it.each<[string, ModelChoice]>([
  ["a residual network", { family: "resnet", depth: 8, width: 0.25 }],
  ["one that is merged when it is exported", { family: "repvgg", width: 0.05 }],
  ["one with dropout in front of its own linear layer", { family: "mobilenetv2", width: 0.1, dropout: 0.2 }],
])("what is exported answers as what is judged while it trains: %s", async (_, choice) => {
  const { job, values } = jobOf(choice, [simkd]);
  const images = Float32Array.from({ length: 2 * 64 }, (_, i) => (i % 17) / 17);
  const whileTraining = await Classifier.ofModel(job.model, dataset, 1);
  whileTraining.setValues(job.model, values);
  const exported = await Classifier.load(toOnnxModel(job.model, dataset, values), dataset, 1);
  const [expected, answers] = [await whileTraining.logits(images, 2), await exported.logits(images, 2)];
  await Promise.all([whileTraining.release(), exported.release()]);
  answers.forEach((answer, i) => {
    expect(answer).toBeCloseTo(expected[i]!, 4);
  });
});

it("projector and classifier are in its size and costs, its own linear layer is not", () => {
  const { model, job } = jobOf({ family: "resnet", depth: 8, width: 0.25 }, [simkd]);
  const [own, inner, theirs] = [16, 16, 32];
  const places = 4;
  const convolutions = own * inner + 9 * inner * inner + inner * theirs;
  const [before, after] = [(own + 1) * 3, (theirs + 1) * 3];
  const norms = 2 * (inner + inner + theirs);
  expect(parameterCount(job.model)).toBe(parameterCount(model) + convolutions + norms + after - before);
  const macs = modelCost(job.model, dataset).macs - modelCost(model, dataset).macs;
  expect(macs).toBe(places * convolutions + (theirs - own) * 3);
});

it("the teacher's classifier is neither trained nor carried, even where other terms look at its answers", () => {
  const { job } = jobOf({ family: "resnet", depth: 8, width: 0.25 }, [simkd, kd]);
  const changing = job.program.state.map(({ name }) => name).filter((name) => name.includes("classifier"));
  expect(changing).toEqual([]);
  expect(job.program.frozen.map(({ name }) => name).sort()).toEqual([
    "simkd.classifier.bias",
    "simkd.classifier.weight",
  ]);
  expect(job.initial["simkd.classifier.weight"]).toEqual(initialize(teacher, 7)["fc.weight"]);
});
