import { TrainingSession } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { describe, expect, it } from "vitest";
import { prepareAugmentation } from "../../src/data/augment/index.js";
import { type ImageDataset, wholeSplit } from "../../src/data/dataset.js";
import { buildModel } from "../../src/models/index.js";
import { parseRecipe } from "../../src/recipe/parse.js";
import { offlineJob } from "../../src/schemes/offline.js";
import { PartnerBatches } from "../../src/schemes/partners.js";

/** Classes of 6, 5 and 1 samples; every pixel of a sample is its number. */
const LABELS = [0, 0, 1, 0, 1, 1, 0, 1, 2, 0, 1, 0];
const dataset: ImageDataset = {
  name: "numbered",
  size: LABELS.length,
  channels: 1,
  height: 8,
  width: 8,
  classes: ["a", "b", "c"],
  pixels: Uint8Array.from({ length: 64 * LABELS.length }, (_, i) => Math.floor(i / 64)),
  labels: Uint8Array.from(LABELS),
};
const split = wholeSplit(dataset);
const ROWS = Uint32Array.from(LABELS.keys());

/** Numbers of the partners in a batch of images. */
const drawnBy = (images: Float32Array) => Array.from(ROWS, (_, i) => Math.round(255 * images[64 * i]!));

describe("partners", () => {
  const partners = new PartnerBatches(split, LABELS.length, [], 7);
  const draw = (epoch: number, batch = 0) => drawnBy(partners.feeds(ROWS, epoch, batch).partnerImages);

  it("are other samples of the same class, where there are any", () => {
    const met = new Map<number, Set<number>>();
    for (let epoch = 0; epoch < 60; epoch++) {
      draw(epoch).forEach((partner, row) => {
        expect(LABELS[partner]).toBe(LABELS[row]);
        met.set(row, (met.get(row) ?? new Set()).add(partner));
      });
    }
    for (const [row, seen] of met) {
      const others = [...ROWS].filter((other) => other !== row && LABELS[other] === LABELS[row]);
      expect(
        [...seen].sort((a, b) => a - b),
        String(row),
      ).toEqual(others.length > 0 ? others : [row]);
    }
  });

  it("depend on seed, epoch and batch alone", () => {
    const again = new PartnerBatches(split, LABELS.length, [], 7);
    expect(draw(3)).toEqual(drawnBy(again.feeds(ROWS, 3, 0).partnerImages));
    expect(draw(3)).not.toEqual(draw(4));
    expect(draw(3, 1)).not.toEqual(draw(3));
  });

  it("are augmented, but not as the samples are", () => {
    const gradient = { ...dataset, pixels: Uint8Array.from({ length: 64 * LABELS.length }, (_, i) => i % 64) };
    const flips = [prepareAugmentation("jitter", { pixels: 3 })];
    const views = new PartnerBatches(wholeSplit(gradient), LABELS.length, flips, 7);
    const of = (epoch: number) => Float32Array.from(views.feeds(ROWS, epoch, 0).partnerImages);
    expect(of(0)).not.toEqual(of(1));
    expect(of(1)).toEqual(of(1));
  });
});

/** State after one step of a small network with batch normalization. */
async function stepped(terms: string): Promise<Readonly<Record<string, unknown>>> {
  const recipe = parseRecipe(
    `{ name: t, data: { source: digits },
       student: { model: { family: resnet, depth: 8 }, train: { epochs: 2, batchSize: 4, learningRate: 0.05 } },
       distill: ${terms} }`,
    "t.yaml",
  );
  const model = buildModel({ family: "resnet", depth: 8 }, dataset, 3);
  const job = offlineJob({ model, split, train: recipe.student.train, terms: recipe.distill, seed: 3 });
  const session = await TrainingSession.create(job.program, nodeBackend, { seed: 3, state: job.initial, threads: 1 });
  await session.run(await job.feeds(0), job.learningRate(0));
  const state = session.state();
  await session.release();
  return state;
}

describe("cs-kd in a training graph", () => {
  it("leaves running statistics to the samples themselves, and trains the student", async () => {
    const [alone, paired] = [
      await stepped("[{ loss: cross-entropy }]"),
      await stepped("[{ loss: cs-kd }, { loss: cross-entropy }]"),
    ];
    const statistics = Object.keys(alone).filter((name) => /running_(mean|var)$/.test(name));
    expect(statistics.length).toBeGreaterThan(0);
    for (const name of statistics) expect(paired[name], name).toEqual(alone[name]);
    const weights = Object.keys(alone).filter((name) => name.endsWith("conv1.weight"));
    expect(weights.some((name) => String(paired[name]) !== String(alone[name]))).toBe(true);
  });
});
