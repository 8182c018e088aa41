import { describe, expect, it } from "vitest";
import type { ModelChoice } from "../../src/models/index.js";
import { initialize, type Model, type ModelValues } from "../../src/models/model.js";
import { schemes } from "../../src/recipe/schemes/index.js";
import { wirings } from "../../src/schemes/index.js";
import {
  build,
  expectClose,
  jobOf,
  kdAndLabels,
  offlineStep,
  small,
  softmax,
  split,
  stepOf,
  train,
  valuesOf,
} from "./steps.js";

const DML = kdAndLabels(1);

const mutualOf = (student: ModelChoice, peers: readonly ModelChoice[]) => jobOf("mutual", student, DML, { peers });

/** The same step of one peer alone, with the others as frozen teachers whose probabilities are averaged. */
function alone(model: Model, values: ModelValues, others: readonly (readonly [Model, ModelValues])[]) {
  return offlineStep(model, values, others, DML, (answers) => {
    const shares = answers.map((logits) => logits.map((_, i) => softmax(logits, i)));
    return shares[0]!.map((_, i) => Math.log(shares.reduce((sum, p) => sum + p[i]! / shares.length, 0)));
  });
}

describe("mutual learning", () => {
  it("of two moves each as offline distillation from the other, frozen, would: nothing flows into a peer's targets", async () => {
    const job = mutualOf(small, [{ family: "mlp", hidden: [7, 4] }]);
    const [student, peer] = [job.model, job.peers![0]!.model];
    const { after, report } = await stepOf(job);
    const before = { student: valuesOf(job.initial, ""), peer: valuesOf(job.initial, "peer2/") };
    const one = await alone(student, before.student, [[peer, before.peer]]);
    const other = await alone(peer, before.peer, [[student, before.student]]);
    expectClose(valuesOf(after, ""), one.after);
    expectClose(valuesOf(after, "peer2/"), other.after);
    for (const term of ["loss", "kd", "cross-entropy"]) {
      expect(report[term]).toBeCloseTo(one.report[term]! + other.report[term]!, 5);
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
      const one = await alone(model, values, others);
      expectClose(valuesOf(after, prefix), one.after);
      labels += one.report["cross-entropy"]!;
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
    const job = jobOf("mutual", small, DML, {});
    expect(job.peers!.map(({ name, model }) => [name, model])).toEqual([["peer2", job.model]]);
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
