import { compileTraining, createGraph, type StepReport, sgd, TrainingSession } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { describe, expect, it } from "vitest";
import { parseRecipe } from "../../src/recipe/parse.js";
import { TermStore } from "../../src/schemes/store.js";
import { buildTerms } from "../../src/schemes/terms.js";

const LENGTH = { epochs: 2, stepsPerEpoch: 5 };

/** Reports of all steps of a tiny training whose student stays where it is, so that only weights change. */
async function reportsOf(distill: string): Promise<StepReport[]> {
  const recipe = parseRecipe(
    `{ name: t, data: { source: digits }, teacher: { model: { family: mlp, hidden: [2] }, train: { epochs: 1 } },
       student: { model: { family: mlp, hidden: [2] }, train: { epochs: 1 } }, distill: ${distill} }`,
    "t.yaml",
  );
  const graph = createGraph();
  const context = {
    logits: graph.parameter("logits", "float32", [2, 3]),
    labels: graph.constant("int64", [2], [0, 2]),
    teacherLogits: graph.constant("float32", [2, 3], [3, 1, 0, 0, 2, -1]),
  };
  const built = buildTerms(graph, recipe.distill, context, LENGTH);
  const program = compileTraining({ loss: built.loss, terms: built.terms, optimizer: sgd({ momentum: 0 }) });
  const state = { logits: Float32Array.of(1, 0, 2, 0, 1, 1) };
  const session = await TrainingSession.create(program, nodeBackend, { seed: 0, state, threads: 1 });
  const reports: StepReport[] = [];
  for (let step = 0; step < LENGTH.epochs * LENGTH.stepsPerEpoch; step++) {
    reports.push(await session.run(built.weights(step), 0));
  }
  await session.release();
  return reports;
}

it("terms that ask how far the training is are told", async () => {
  const recipe = parseRecipe(
    `{ name: t, data: { source: digits }, student: { model: { family: mlp, hidden: [2] }, train: { epochs: 1 } },
       distill: [{ loss: ps-kd, schedule: { kind: ramp, epochs: 2 } }, { loss: ps-kd, share: 0.5 }] }`,
    "t.yaml",
  );
  const graph = createGraph();
  const context = {
    logits: graph.parameter("logits", "float32", [2, 3]),
    labels: graph.constant("int64", [2], [0, 2]),
    sampleIndices: graph.constant("int64", [2], [0, 1]),
    sampleCount: 2,
  };
  const store = new TermStore(graph);
  const built = buildTerms(graph, recipe.distill, context, LENGTH, (name) => ({ store: store.of(name) }));
  const steps = [0, 4, 5, 9].map((step) => built.weights(step));
  expect(steps.map(({ progress }) => progress)).toEqual([0.5, 0.5, 1, 1].map((share) => Float32Array.of(share)));
  expect(Object.keys(steps[0]!).sort()).toEqual(["progress", "weight/ps-kd"]);
  expect(store.buffers.map(({ input }) => input.name)).toEqual(["loss/ps-kd/predictions", "loss/ps-kd.1/predictions"]);
});

describe("terms of a recipe", () => {
  it("are added up with their weights, and reported one by one", async () => {
    const [plain] = await reportsOf("[{ loss: kd }, { loss: cross-entropy }]");
    const [weighted] = await reportsOf("[{ loss: kd, weight: 2 }, { loss: cross-entropy, weight: 0.5 }]");
    expect(weighted!.kd).toBeCloseTo(2 * plain!.kd!, 5);
    expect(weighted!["cross-entropy"]).toBeCloseTo(0.5 * plain!["cross-entropy"]!, 5);
    expect(weighted!.loss).toBeCloseTo(weighted!.kd! + weighted!["cross-entropy"]!, 5);
  });

  it("follow their schedules step by step", async () => {
    const [constant] = await reportsOf("[{ loss: kd, weight: 2 }]");
    const rising = await reportsOf("[{ loss: kd, weight: 2, schedule: { kind: warm-up, epochs: 1 } }]");
    rising.forEach((report, step) => {
      expect(report.kd).toBeCloseTo(constant!.kd! * Math.min(1, (step + 1) / 5), 5);
      expect(report.loss).toBeCloseTo(report.kd!, 6);
    });
  });

  it("of one name have schedules of their own", async () => {
    const both = "[{ loss: kd, schedule: { kind: cosine-decay } }, { loss: kd, schedule: { kind: ramp, epochs: 2 } }]";
    const reports = await reportsOf(both);
    expect(reports[0]!.kd).toBeGreaterThan(reports[9]!.kd! + 0.1);
    expect(reports[9]!["kd.1"]).toBeGreaterThan(reports[0]!["kd.1"]! + 0.1);
  });

  it("bring their method's usual weight and schedule", async () => {
    const [usual] = await reportsOf("[{ loss: logit-standardization }]");
    const [one] = await reportsOf("[{ loss: logit-standardization, weight: 1 }]");
    expect(usual!.loss).toBeCloseTo(9 * one!.loss!, 4);
    const [first, , , last] = await reportsOf("[{ loss: dkd, schedule: { kind: warm-up, epochs: 0.6 } }]");
    expect(first!.loss).toBeCloseTo(last!.loss! / 3, 4);
  });
});
