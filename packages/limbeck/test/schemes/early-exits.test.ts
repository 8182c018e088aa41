import { TrainingSession } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { describe, expect, it } from "vitest";
import { wholeSplit } from "../../src/data/dataset.js";
import { exitRow } from "../../src/evaluate/exits.js";
import { buildModel, type ModelChoice } from "../../src/models/index.js";
import { parameterCount } from "../../src/models/model.js";
import type { DistillTerm } from "../../src/recipe/schema.js";
import { earlyExitsWiring } from "../../src/schemes/early-exits.js";
import { withExits } from "../../src/schemes/exit-models.js";
import { dataset, train as momentum } from "./fixture.js";

const train = { ...momentum, optimizer: { name: "sgd", momentum: 0, nesterov: false, weightDecay: 0 } } as const;
const split = wholeSplit(dataset);
const build = (choice: ModelChoice) => buildModel(choice, dataset, 3);
const resnet: ModelChoice = { family: "resnet", depth: 8, width: 0.25 };
const kd: DistillTerm = { loss: "kd", weight: 1, temperature: 3 };
const labels: DistillTerm = { loss: "cross-entropy", weight: 1, labelSmoothing: 0 };

function jobOf(choice: ModelChoice, terms: DistillTerm[], options: object = {}) {
  return earlyExitsWiring.job({ model: build(choice), split, train, terms, seed: 3, options });
}

/** What one step reports, and all values before and after it. */
async function stepOf(job: ReturnType<typeof jobOf>) {
  const session = await TrainingSession.create(job.program, nodeBackend, { seed: 3, state: job.initial, threads: 1 });
  const report = await session.run(await job.feeds(0), 0.5);
  const after = Object.fromEntries(Object.entries(session.state()).map(([name, values]) => [name, values.slice()]));
  await session.release();
  return { report, before: job.initial, after: after as Record<string, Float32Array> };
}

describe("where gradients flow", () => {
  it("the deepest exit learns from labels, and never from what the others make of its answer", async () => {
    const alone = await stepOf(jobOf(resnet, [labels], { hint: 0 }));
    const taught = await stepOf(jobOf(resnet, [labels, kd], { hint: 1 }));
    const differing = Object.keys(alone.after).filter((name) => {
      return alone.after[name]!.some((value, i) => Math.abs(value - taught.after[name]![i]!) > 1e-6);
    });
    expect(differing.filter((name) => /^(layer3|fc)/.test(name))).toEqual([]);
    const early = ["exit1.fc.weight", "exit1.conv.weight", "exit2.fc.weight", "exit2.conv.weight", "conv1.weight"];
    expect(differing).toEqual(expect.arrayContaining(early));
    expect(alone.after["fc.weight"]).not.toEqual(alone.before["fc.weight"]);
  });

  it("a deepest exit that nothing teaches is refused", () => {
    expect(() => earlyExitsWiring.check({ model: build(resnet), split, train, terms: [kd], options: {} })).toThrow(
      expect.objectContaining({ code: "RECIPE_INVALID", fix: expect.stringContaining("cross-entropy") }),
    );
  });

  it("the hint is a term of its own, which may be left out", async () => {
    const { report } = await stepOf(jobOf(resnet, [kd, labels], { hint: 0.5 }));
    expect(Object.keys(report)).toEqual(["loss", "kd", "cross-entropy", "hint"]);
    expect(report.hint).toBeGreaterThan(0);
    const half = await stepOf(jobOf(resnet, [kd, labels], { hint: 0.25 }));
    expect(half.report.hint).toBeCloseTo(report.hint! / 2, 5);
    expect(Object.keys((await stepOf(jobOf(resnet, [labels], { hint: 0 }))).report)).toEqual(["loss", "cross-entropy"]);
  });
});

describe("exits stand", () => {
  it.each([
    [resnet, undefined, 2],
    [{ family: "mlp", hidden: [9, 7, 5] } as ModelChoice, undefined, 2],
    [{ family: "vit", dim: 12, depth: 3, heads: 3, patch: 4 } as ModelChoice, undefined, 2],
    [resnet, ["stage2"], 1],
  ])("behind stages before the last, or where the recipe says", (choice, taps, count) => {
    const model = build(choice);
    const { exits, whole } = withExits(model, taps, dataset, 3);
    expect(exits).toHaveLength(count);
    const sizes = exits.map((exit) => parameterCount(exit));
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
    for (const size of sizes) expect(size).toBeLessThan(parameterCount(whole));
    const own = new Set(whole.parameters.map(({ name }) => name));
    expect(own.size).toBe(whole.parameters.length);
    for (const { name } of model.parameters) expect(own).toContain(name);
  });

  it("nowhere in a network of one layer, and behind no tap that is not there", () => {
    const check = (choice: ModelChoice, options: object) => () =>
      earlyExitsWiring.check({ model: build(choice), split, train, terms: [kd, labels], options });
    expect(check({ family: "mlp", hidden: [4] }, {})).toThrow(
      expect.objectContaining({ code: "RECIPE_INVALID", where: "scheme.exits" }),
    );
    expect(check(resnet, { exits: ["stage9"] })).toThrow(expect.objectContaining({ code: "TAP_UNKNOWN" }));
  });
});

describe("leaving early", () => {
  const sure = (...rows: number[][]) => Float32Array.from(rows.flat(), Math.log);
  const facts = {
    logits: [[sure([0.9, 0.1], [0.6, 0.4], [0.3, 0.7])], [sure([0.2, 0.8], [0.95, 0.05], [0.1, 0.9])]],
    labels: Uint8Array.of(0, 0, 1),
    classes: 2,
    macs: [10, 40],
    whole: 30,
  };

  it.each([
    [0.5, [1, 0], 3, 10],
    [0.7, [2 / 3, 1 / 3], 3, 20],
    [0.8, [1 / 3, 2 / 3], 3, 30],
    [0.99, [0, 1], 2, 40],
  ])("at a confidence of %d", (threshold, leaving, right, macs) => {
    const row = exitRow(facts, threshold);
    expect(row.accuracy).toEqual({ mean: right / 3, sd: null });
    expect(row.macsShare.mean).toBeCloseTo(macs / 30, 10);
    row.leaving.forEach((share, exit) => {
      expect(share).toBeCloseTo(leaving[exit]!, 10);
    });
  });
});
