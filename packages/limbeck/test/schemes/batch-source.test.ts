import { randomStream } from "@limbeck/graph";
import { afterEach, describe, expect, it } from "vitest";
import type { ImageDataset } from "../../src/data/dataset.js";
import { type BatchFacts, BatchMaker } from "../../src/schemes/batch-maker.js";
import type { BatchSource } from "../../src/schemes/batch-source.js";

// Threads run what is built: they know no TypeScript.
const built = new URL("../../dist/schemes/batch-source.js", import.meta.url).href;
const { BatchSource: Built }: { BatchSource: typeof BatchSource } = await import(built);

const random = randomStream(7);
const dataset: ImageDataset = {
  ...{ name: "noise", size: 40, channels: 3, height: 8, width: 8, classes: ["a", "b"] },
  pixels: Uint8Array.from({ length: 40 * 192 }, () => random.below(256)),
  labels: Uint8Array.from({ length: 40 }, (_, i) => i % 2),
};
const facts: BatchFacts = {
  split: { dataset, indices: Uint32Array.from({ length: 36 }, (_, i) => i + 2) },
  train: {
    batchSize: 8,
    augment: [{ name: "crop", padding: 2 }, { name: "flip" }, { name: "rand-augment" }, { name: "cutmix" }],
  },
  seed: 5,
  stepsPerEpoch: 4,
  views: ["peer"],
  hasPartners: true,
};
const STEPS = 20;

/** What the engine would be fed in these steps. */
async function batchesOf(source: BatchSource, steps: readonly number[]) {
  const found = [];
  for (const step of steps) found.push(structuredClone(await source.at(step)));
  return found;
}

const opened: BatchSource[] = [];
afterEach(async () => {
  for (const source of opened.splice(0)) await source.release();
});

function open(threads?: number, changed: Partial<BatchFacts> = {}): BatchSource {
  const source = new Built({ ...facts, ...changed }, threads);
  opened.push(source);
  return source;
}

describe("batches that are made ahead", () => {
  const all = [...Array(STEPS).keys()];
  const maker = new BatchMaker(facts);
  const expected = all.map((step) => structuredClone(maker.make(step)));

  it.each([1, 3])("are those that are made when they are needed (%d threads)", async (threads) => {
    const source = open(threads);
    source.begin(STEPS);
    expect(await batchesOf(source, all)).toEqual(expected);
    expect(source.threads).toBe(threads);
  });

  it("are made from any step on, and may be asked for out of turn", async () => {
    const source = open(1);
    source.begin(STEPS);
    const steps = [9, 10, 11, 12, 3, 13, 14, 0, 15, 16];
    expect(await batchesOf(source, steps)).toEqual(steps.map((step) => expected[step]));
    expect(source.threads).toBe(1);
  });

  it("are made where they are needed when the thread is gone", async () => {
    const source = open(1);
    source.begin(STEPS);
    await source.at(0);
    await source.release();
    expect(await batchesOf(source, [1, 2, 3])).toEqual(expected.slice(1, 4));
  });

  it("are not made ahead before training begins, nor where that is not worth it", async () => {
    const before = open(1);
    await batchesOf(before, all);
    expect([before.threads, before.waited > 0]).toEqual([0, true]);
    const quick = open(undefined, { train: { batchSize: 2, augment: [] }, views: [], hasPartners: false });
    quick.begin(STEPS);
    await batchesOf(quick, all);
    expect(quick.threads).toBe(0);
  });
});
