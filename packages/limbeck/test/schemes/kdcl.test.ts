import { createGraph, ops, toOnnx } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { describe, expect, it } from "vitest";
import type { ModelChoice } from "../../src/models/index.js";
import { toOnnxModel } from "../../src/models/inference.js";
import type { ModelValues } from "../../src/models/model.js";
import { ensembleTargets } from "../../src/schemes/ensemble-targets.js";
import { holdOut } from "../../src/schemes/held-out.js";
import { bestMixture } from "../../src/schemes/weighted-mixture.js";
import { Classifier } from "../../src/teachers/classifier.js";
import { dataset } from "./fixture.js";
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
  valuesOf,
} from "./steps.js";

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

const HELD = ["heldOut/images", "heldOut/share", "heldOut/shares"];
const ERRORS = "loss/heldOut/errors";

/** What all peers of the job answer to some images. */
async function answersTo(images: Float32Array, state: ModelValues): Promise<Float32Array[]> {
  const answers: Float32Array[] = [];
  for (const [i, prefix] of ["", "peer2/", "peer3/"].entries()) {
    const file = toOnnxModel(build(choices[i]!), dataset, valuesOf(state, prefix));
    const classifier = await Classifier.load(file, dataset, 1);
    answers.push((await classifier.logits(images, images.length / 64)).slice());
    await classifier.release();
  }
  return answers;
}

/** Products of errors, in the order of a matrix. */
function productsOf(answers: readonly Float32Array[], shares: Float32Array): number[] {
  const errors = answers.map((logits) => Array.from(logits, (_, i) => softmax(logits, i) - shares[i]!));
  return errors.flatMap((a) => errors.map((b) => (3 * a.reduce((sum, e, i) => sum + e * b[i]!, 0)) / shares.length));
}

async function weightsFor(products: readonly number[]): Promise<Float32Array> {
  const graph = createGraph();
  graph.output("weights", bestMixture(graph.constant("float32", [3, 3], [...products])));
  const session = await nodeBackend.createSession(toOnnx(graph));
  return (await session.run({})).weights!.data as Float32Array;
}

describe("collaborative learning from the mixture with the smallest error on held-out samples", () => {
  it("moves every peer as offline distillation from that mixture would, on the other samples", async () => {
    const job = jobFor("general", { heldOut: 0.25 });
    const feeds = await job.feeds(0);
    expect(Object.keys(feeds).sort()).toEqual([...HELD, "images", "labels"]);
    const { "heldOut/images": images, "heldOut/shares": shares } = feeds as Record<string, Float32Array>;
    const products = productsOf(await answersTo(images!, job.initial), shares!);
    const weights = await weightsFor(products);
    const { after } = await stepOf(job);
    for (const [i, product] of products.entries()) expect(after[ERRORS]![i]).toBeCloseTo(product, 5);
    const mixture = (answers: readonly Float32Array[]) =>
      answers[0]!.map((_, i) => Math.log(answers.reduce((sum, z, m) => sum + weights[m]! * softmax(z, i), 0)));
    const { learned } = holdOut(split, 0.25);
    const models = choices.map(build);
    const values = ["", "peer2/", "peer3/"].map((prefix) => valuesOf(job.initial, prefix));
    const all = models.map((model, i) => [model, values[i]!] as const);
    for (const [i, prefix] of ["", "peer2/", "peer3/"].entries()) {
      const alone = await offlineStep(models[i]!, values[i]!, all, KDCL, mixture, learned);
      expectClose(valuesOf(after, prefix), alone.after);
    }
  });

  it("takes a mean of errors over an epoch, and then a moving one of that length", async () => {
    const job = jobFor("general", { heldOut: 0.25 }, { batchSize: 2, epochs: 3 });
    expect(job.stepsPerEpoch).toBe(3);
    const shares = [];
    for (const step of [0, 1, 2, 3, 8]) shares.push((await job.feeds(step))["heldOut/share"]![0]);
    expect(shares).toEqual([1, 0.5, 1 / 3, 1 / 3, 1 / 3].map(Math.fround));
    const before = { ...job.initial, [ERRORS]: new Float32Array(9).fill(6) };
    const feeds = (await job.feeds(4)) as Record<string, Float32Array>;
    const now = productsOf(await answersTo(feeds["heldOut/images"]!, before), feeds["heldOut/shares"]!);
    const { after } = await stepOf(job, before, 4);
    for (const [i, product] of now.entries()) expect(after[ERRORS]![i]).toBeCloseTo(6 + (product - 6) / 3, 5);
  });

  it("never shows peers what is held out, and goes through all of it", async () => {
    const job = jobFor("general", { heldOut: 0.4 }, { batchSize: 2, epochs: 4 });
    const seen = { images: new Set<string>(), "heldOut/images": new Set<string>() };
    for (let step = 0; step < 8; step++) {
      const feeds = await job.feeds(step);
      for (const [name, images] of Object.entries(seen)) {
        const pixels = [...(feeds[name] as Float32Array)];
        images.add(pixels.slice(0, 64).join()).add(pixels.slice(64).join());
      }
    }
    expect(seen["heldOut/images"].size).toBe(3);
    expect([...seen["heldOut/images"]].filter((image) => seen.images.has(image))).toEqual([]);
  });

  it("keeps running statistics those of learned samples, and runs with any family", async () => {
    const options = { peers: [small], target: "general" };
    const general = jobOf("kdcl", { family: "resnet", depth: 8 }, KDCL, options);
    const { after, report } = await stepOf(general);
    expect(Number.isFinite(report.loss)).toBe(true);
    expect(after["bn1.running_mean"]).not.toEqual(general.initial["bn1.running_mean"]);
    expect(general.initial[ERRORS]).toEqual(new Float32Array(4));
  });

  it("is the only target that holds samples out", () => {
    expect(() => jobFor("linear", { heldOut: 0.1 })).toThrow(
      expect.objectContaining({ code: "RECIPE_INVALID", where: "scheme.heldOut", value: 0.1 }),
    );
    expect(() => jobFor("general", { heldOut: 0.6 })).toThrow(/heldOut/);
  });
});
