import { createGraph, ops, toOnnx } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { describe, expect, it } from "vitest";
import type { ModelChoice } from "../../src/models/index.js";
import { ensembleTargets } from "../../src/schemes/ensemble-targets.js";
import { dataset } from "./fixture.js";
import { build, expectClose, jobOf, kdAndLabels, offlineStep, small, softmax, stepOf, valuesOf } from "./steps.js";

const KDCL = kdAndLabels(2);
const choices: ModelChoice[] = [small, { family: "mlp", hidden: [7, 4] }, { family: "mlp", hidden: [3] }];

const crossEntropy = (logits: Float32Array, samples: Uint32Array) =>
  samples.reduce((sum, sample, n) => sum - Math.log(softmax(logits, 3 * n + dataset.labels[sample]!)), 0);

/** The linear target, in a graph of its own: that it is the right one is tested elsewhere. */
async function linear(answers: readonly Float32Array[], samples: Uint32Array): Promise<Float32Array> {
  const graph = createGraph();
  const shape = [samples.length, 3];
  const labels = [...samples].map((sample) => dataset.labels[sample]!);
  const shares = ops.oneHot(graph.constant("int64", [samples.length], labels), 3);
  graph.output(
    "target",
    ensembleTargets.linear(
      answers.map((data) => graph.constant("float32", shape, data)),
      shares,
    ),
  );
  const session = await nodeBackend.createSession(toOnnx(graph));
  return (await session.run({})).target!.data as Float32Array;
}

/** What the paper's targets are; two of them without graphs. */
const targets = {
  linear,
  naive: (answers: readonly Float32Array[], samples: Uint32Array) =>
    [...answers].sort((a, b) => crossEntropy(a, samples) - crossEntropy(b, samples))[0]!,
  "min-logit": (answers: readonly Float32Array[], samples: Uint32Array) =>
    answers[0]!.map((_, i) => {
      const truth = 3 * Math.floor(i / 3) + dataset.labels[samples[Math.floor(i / 3)]!]!;
      return Math.min(...answers.map((logits) => logits[i]! - logits[truth]!));
    }),
};

function jobFor(target: string, options: object = {}, changes = {}) {
  return jobOf("kdcl", choices[0]!, KDCL, { peers: choices.slice(1), target, ...options }, changes);
}

describe("collaborative learning", () => {
  it.each(Object.entries(targets))(
    "moves every peer as offline distillation from the %s target would",
    async (name, target) => {
      const job = jobFor(name);
      const { after, report } = await stepOf(job);
      const learners = ["", "peer2/", "peer3/"].map((prefix, i) => {
        return { prefix, model: build(choices[i]!), values: valuesOf(job.initial, prefix) };
      });
      const all = learners.map(({ model, values }) => [model, values] as const);
      const reports: Record<string, number> = { kd: 0, "cross-entropy": 0 };
      for (const { prefix, model, values } of learners) {
        const alone = await offlineStep(model, values, all, KDCL, target);
        expectClose(valuesOf(after, prefix), alone.after);
        for (const term of Object.keys(reports)) reports[term]! += alone.report[term]!;
      }
      for (const [term, sum] of Object.entries(reports)) expect(report[term]).toBeCloseTo(sum, 4);
    },
  );

  it("shows each peer augmented images in a view of its own, unless told to share one", async () => {
    const augment = [{ name: "jitter", pixels: 2 }];
    const feeds = await jobFor("naive", {}, { augment }).feeds(0);
    const images = ["images", "peer2/images", "peer3/images"].map((name) => feeds[name]!);
    expect(new Set(images.map((batch) => batch.join())).size).toBe(3);
    const shared = await jobFor("naive", { views: "shared" }, { augment }).feeds(0);
    expect(Object.keys(shared).sort()).toEqual(["images", "labels"]);
    expect(shared.images).toEqual(feeds.images);
    expect(Object.keys(await jobFor("naive").feeds(0)).sort()).toEqual(["images", "labels"]);
  });

  it("mixes the views of all peers alike", async () => {
    const augment = [
      { name: "jitter", pixels: 1 },
      { name: "mixup", alpha: 1, p: 1, per: "image" },
    ];
    const feeds = await jobFor("min-logit", {}, { augment }).feeds(1);
    expect(Object.keys(feeds).sort()).toEqual([
      ...["images", "labelShares", "labels", "otherLabels", "peer2/images", "peer3/images"],
    ]);
    await expect(stepOf(jobFor("min-logit", {}, { augment }))).resolves.toMatchObject({ report: expect.anything() });
  });

  it("feeds a step the same, whatever came before", async () => {
    const augment = [{ name: "jitter", pixels: 2 }];
    const [one, other] = [jobFor("naive", {}, { augment, epochs: 3 }), jobFor("naive", {}, { augment, epochs: 3 })];
    for (const step of [0, 1, 2]) await one.feeds(step);
    expect(await one.feeds(4)).toEqual(await other.feeds(4));
  });
});
