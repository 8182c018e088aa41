import { TrainingSession, type TrainingState } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { describe, expect, it } from "vitest";
import { wholeSplit } from "../../src/data/dataset.js";
import { buildModel, type ModelChoice } from "../../src/models/index.js";
import { toOnnxModel } from "../../src/models/inference.js";
import { initialize, type Model, type ModelValues } from "../../src/models/model.js";
import type { DistillTerm } from "../../src/recipe/schema.js";
import { schemes } from "../../src/recipe/schemes/index.js";
import { wirings } from "../../src/schemes/index.js";
import type { TrainingJob } from "../../src/schemes/job.js";
import { mutualJob } from "../../src/schemes/mutual.js";
import { offlineJob } from "../../src/schemes/offline.js";
import { Classifier } from "../../src/teachers/classifier.js";
import { liveTeacher } from "../../src/teachers/teacher.js";
import { dataset, train as momentum } from "./fixture.js";

const train = { ...momentum, optimizer: { name: "sgd", momentum: 0, nesterov: false, weightDecay: 0 } } as const;
const split = wholeSplit(dataset);
const small: ModelChoice = { family: "mlp", hidden: [5] };
const DML: DistillTerm[] = [
  { loss: "kd", weight: 1, temperature: 1 },
  { loss: "cross-entropy", weight: 1, labelSmoothing: 0 },
];

const build = (choice: ModelChoice) => buildModel(choice, dataset, 3);

function mutualOf(student: ModelChoice, peers: readonly ModelChoice[], terms = DML): TrainingJob {
  return mutualJob({ model: build(student), split, train, terms, seed: 3, options: { peers } });
}

/** One step: what it reports, and all values after it. */
async function stepOf(job: TrainingJob, state: ModelValues = job.initial) {
  const session = await TrainingSession.create(job.program, nodeBackend, { seed: 3, state, threads: 1 });
  const report = await session.run(await job.feeds(0), 0.5);
  const after = Object.fromEntries(Object.entries(session.state()).map(([name, values]) => [name, values.slice()]));
  await session.release();
  return { report, after };
}

/** Of all values those with a prefix, without it. */
function valuesOf(state: TrainingState | ModelValues, prefix: string): ModelValues {
  const own = Object.entries(state).filter(([name]) =>
    prefix === "" ? !name.includes("peer") : name.startsWith(prefix),
  );
  return Object.fromEntries(own.map(([name, values]) => [name.slice(prefix.length), values as Float32Array]));
}

/** The same step of one peer alone, with the others as frozen teachers whose probabilities are averaged. */
async function offlineStep(model: Model, values: ModelValues, others: readonly (readonly [Model, ModelValues])[]) {
  const classifiers = await Promise.all(
    others.map(([other, theirs]) => Classifier.load(toOnnxModel(other, dataset, theirs), dataset, 1)),
  );
  const teacher = liveTeacher(async (images, { length: count }) => {
    const answers = await Promise.all(classifiers.map((classifier) => classifier.logits(images, count)));
    const shares = answers.map((logits) => logits.map((_, i) => softmax(logits, i)));
    return shares[0]!.map((_, i) => Math.log(shares.reduce((sum, p) => sum + p[i]! / shares.length, 0)));
  });
  const job = offlineJob({ model, split, train, terms: DML, seed: 3, teacher });
  const result = await stepOf(job, values);
  for (const classifier of classifiers) await classifier.release();
  return result;
}

/** Probability of one entry of rows of three logits. */
function softmax(logits: Float32Array, i: number): number {
  const row = logits.slice(i - (i % 3), i - (i % 3) + 3);
  const largest = Math.max(...row);
  return Math.exp(logits[i]! - largest) / row.reduce((sum, z) => sum + Math.exp(z - largest), 0);
}

function expectClose(actual: ModelValues, expected: ModelValues): void {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, values] of Object.entries(expected)) {
    for (const [i, value] of values.entries()) expect(actual[name]![i], `${name}[${i}]`).toBeCloseTo(value, 5);
  }
}

describe("mutual learning", () => {
  it("of two moves each as offline distillation from the other, frozen, would: nothing flows into a peer's targets", async () => {
    const job = mutualOf(small, [{ family: "mlp", hidden: [7, 4] }]);
    const [student, peer] = [job.model, job.peers![0]!.model];
    const { after, report } = await stepOf(job);
    const before = { student: valuesOf(job.initial, ""), peer: valuesOf(job.initial, "peer2/") };
    const alone = await offlineStep(student, before.student, [[peer, before.peer]]);
    const other = await offlineStep(peer, before.peer, [[student, before.student]]);
    expectClose(valuesOf(after, ""), alone.after as ModelValues);
    expectClose(valuesOf(after, "peer2/"), other.after as ModelValues);
    for (const term of ["loss", "kd", "cross-entropy"]) {
      expect(report[term]).toBeCloseTo(alone.report[term]! + other.report[term]!, 5);
    }
  });

  it("of three divides what a peer learns from the others by their number, but not what it learns from labels", async () => {
    const choices: ModelChoice[] = [small, { family: "mlp", hidden: [4] }, { family: "mlp", hidden: [3, 3] }];
    const job = mutualOf(choices[0]!, choices.slice(1));
    const { after, report } = await stepOf(job);
    const learners = ["", "peer2/", "peer3/"].map((prefix, i) => {
      return { prefix, model: build(choices[i]!), values: valuesOf(job.initial, prefix) };
    });
    let labels = 0;
    for (const { prefix, model, values } of learners) {
      const others = learners.filter((one) => one.prefix !== prefix).map((one) => [one.model, one.values] as const);
      const alone = await offlineStep(model, values, others);
      expectClose(valuesOf(after, prefix), alone.after as ModelValues);
      labels += alone.report["cross-entropy"]!;
    }
    expect(report["cross-entropy"]).toBeCloseTo(labels, 5);
  });

  it("starts the student from the baseline's values, and every peer from others", () => {
    const job = mutualOf(small, [small, small]);
    const start = (prefix: string) => valuesOf(job.initial, prefix)["fc1.weight"];
    expect(valuesOf(job.initial, "")).toEqual(initialize(build(small), 3));
    expect(start("peer2/")).not.toEqual(start(""));
    expect(start("peer3/")).not.toEqual(start(""));
    expect(start("peer3/")).not.toEqual(start("peer2/"));
  });

  it("without a list has one peer like the student", () => {
    const job = mutualJob({ model: build(small), split, train, terms: DML, seed: 3, options: {} });
    expect(job.peers!.map(({ prefix, model }) => [prefix, model])).toEqual([["peer2/", job.model]]);
  });

  it("carries each peer's running statistics under its own name", async () => {
    const job = mutualOf({ family: "resnet", depth: 8 }, [{ family: "resnet", depth: 8 }]);
    const { after } = await stepOf(job);
    for (const name of ["bn1.running_mean", "peer2/bn1.running_mean"]) {
      expect(job.program.buffers.map((buffer) => buffer.name)).toContain(name);
      expect(after[name]).not.toEqual(job.initial[name]);
    }
    expect(after["bn1.running_mean"]).not.toEqual(after["peer2/bn1.running_mean"]);
  });

  it("tells before anything is trained that a peer does not take the images", () => {
    const options = { peers: [{ family: "lenet" }] };
    const check = () => wirings.mutual!.check({ model: build(small), split, train, terms: DML, options });
    expect(check).toThrow(expect.objectContaining({ code: "RECIPE_INVALID", where: "model: lenet" }));
  });
});

it("every scheme that a recipe can name is wired", () => {
  expect(Object.keys(wirings)).toEqual(schemes.map(({ name }) => name));
});
