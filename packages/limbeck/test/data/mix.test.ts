import { describe, expect, it } from "vitest";
import { ViewStream } from "../../src/data/augment/view-stream.js";
import { type BatchTarget, createBatchTarget, fillBatch, sequentialOrder } from "../../src/data/batches.js";
import { wholeSplit } from "../../src/data/dataset.js";
import { drawBeta } from "../../src/data/mix/beta.js";
import { BatchMixer, MIXINGS, prepareMixing } from "../../src/data/mix/index.js";
import { dataset, errorOf } from "./helpers.js";

const SIZE = 12;
const LENGTH = 8 * 7 * 2;
const SET = dataset(
  Array.from({ length: SIZE }, (_, i) => i % 5),
  8,
  7,
  2,
);

function batch(): BatchTarget {
  const target = createBatchTarget(SET, SIZE);
  fillBatch(wholeSplit(SET), sequentialOrder(SIZE), 0, SIZE, target);
  return target;
}

const image = ({ images }: BatchTarget, i: number) => [...images.subarray(i * LENGTH, (i + 1) * LENGTH)];

/** A batch after mixing, with the mixer. */
function mixed(names: Record<string, object>, { seed = 1, view = 0, number = 0 } = {}) {
  const mixings = Object.entries(names).map(([name, options]) => prepareMixing(name, options));
  const mixer = new BatchMixer(mixings, SET, SIZE, seed);
  const target = batch();
  mixer.mix(target, view, number);
  return { target, mixer };
}

/** Positions whose value differs from the first image's, in the first channel. */
function foreign(target: BatchTarget, i: number): number[] {
  const before = image(batch(), i);
  return image(target, i).flatMap((value, at) => (value !== before[at] ? [at] : []));
}

describe.each(Object.keys(MIXINGS))("%s", (name) => {
  it("depends on seed, view and batch alone, and on each of them", () => {
    const images = (where: object) => [...mixed({ [name]: {} }, where).target.images];
    const first = images({});
    expect(images({})).toEqual(first);
    for (const other of [{ seed: 2 }, { view: 1 }, { number: 1 }]) expect(images(other)).not.toEqual(first);
    const mixer = new BatchMixer([prepareMixing(name, {})], SET, SIZE, 1);
    for (const [view, number] of [
      [3, 1],
      [0, 5],
      [0, 0],
    ] as const) {
      const target = batch();
      mixer.mix(target, view, number);
      if (view + number === 0) expect([...target.images]).toEqual(first);
    }
  });

  it("gives each image the label of the one behind it, and keeps its own", () => {
    const { target, mixer } = mixed({ [name]: {} });
    const { labels } = batch();
    expect([...target.labels]).toEqual([...labels]);
    expect([...mixer.otherLabels]).toEqual([...labels.slice(1), labels[0]]);
    for (const share of mixer.shares) {
      expect(share).toBeGreaterThanOrEqual(0);
      expect(share).toBeLessThanOrEqual(1);
    }
  });

  it("draws for each image, or once for a batch", () => {
    expect(new Set(mixed({ [name]: {} }).mixer.shares).size).toBeGreaterThan(8);
    expect(new Set(mixed({ [name]: { per: "batch" } }).mixer.shares).size).toBe(1);
  });

  it("mixes as many as it is told to", () => {
    expect(mixed({ [name]: { p: 0 } }).target.images).toEqual(batch().images);
    const whole = Array.from({ length: 100 }, (_, number) => mixed({ [name]: { p: 0.7 } }, { number }));
    const kept = whole.flatMap(({ mixer }) => [...mixer.shares]).filter((share) => share === 1).length;
    expect(kept / (100 * SIZE)).toBeGreaterThan(0.25);
    const batches = whole.map((_, number) => mixed({ [name]: { p: 0.7, per: "batch" } }, { number }));
    expect(batches.every(({ mixer }) => new Set(mixer.shares).size === 1)).toBe(true);
  });

  it.each([{ alpha: 0 }, { p: 1.5 }, { per: "sample" }, { share: 1 }])("refuses %j", async (options) => {
    expect(await errorOf(() => prepareMixing(name, options))).toMatchObject({ code: "RECIPE_INVALID" });
  });

  it("of one image leaves it as it is", () => {
    const target = createBatchTarget(SET, 1);
    fillBatch(wholeSplit(SET), sequentialOrder(SIZE), 0, 1, target);
    const before = [...target.images];
    const mixer = new BatchMixer([prepareMixing(name, {})], SET, 1, 1);
    mixer.mix(target, 0, 0);
    target.images.forEach((value, i) => {
      expect(value).toBeCloseTo(before[i]!, 6);
    });
    expect(mixer.otherLabels).toEqual(target.labels);
  });
});

describe("mixup", () => {
  it("adds up both images by their shares, the last with the first", () => {
    const { target, mixer } = mixed({ mixup: {} });
    for (let i = 0; i < SIZE; i++) {
      const [own, other] = [image(batch(), i), image(batch(), (i + 1) % SIZE)];
      const share = mixer.shares[i]!;
      image(target, i).forEach((value, at) => {
        expect(value).toBeCloseTo(share * own[at]! + (1 - share) * other[at]!, 6);
      });
    }
  });
});

describe("cutmix", () => {
  it("takes a rectangle out of the other image, the same in all channels, and counts its pixels", () => {
    for (let number = 0; number < 20; number++) {
      const { target, mixer } = mixed({ cutmix: {} }, { number });
      for (let i = 0; i < SIZE; i++) {
        const other = image(batch(), (i + 1) % SIZE);
        const places = foreign(target, i);
        for (const at of places) expect(image(target, i)[at]).toBe(other[at]);
        const [first, second] = [places.filter((at) => at < 56), places.filter((at) => at >= 56)];
        expect(second.map((at) => at - 56)).toEqual(first);
        const rows = new Set(first.map((at) => Math.floor(at / 7)));
        const columns = new Set(first.map((at) => at % 7));
        expect(first.length).toBe(rows.size * columns.size);
        expect(mixer.shares[i]).toBeCloseTo(1 - first.length / 56, 6);
      }
    }
  });
});

describe("several mixings", () => {
  it("take turns: each batch gets one of them, about equally often", () => {
    const both = { mixup: { p: 0 }, cutmix: { p: 1, alpha: 1000 } };
    const cut = Array.from({ length: 400 }, (_, number) => mixed(both, { number }).mixer.shares.some((s) => s < 1));
    const count = cut.filter(Boolean).length;
    expect(count).toBeGreaterThan(150);
    expect(count).toBeLessThan(250);
  });
});

describe("drawBeta", () => {
  it.each([0.01, 0.2, 0.8, 1, 2.5, 1000])("of alpha %f has the distribution's mean and variance", (alpha) => {
    const random = new ViewStream();
    random.reset(7, 1);
    const count = 40_000;
    const numbers = Array.from({ length: count }, () => drawBeta(alpha, random));
    expect(numbers.every((value) => value >= 0 && value <= 1)).toBe(true);
    const mean = numbers.reduce((sum, value) => sum + value, 0) / count;
    const variance = numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
    const expected = 1 / (4 * (2 * alpha + 1));
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(expected / count));
    expect(variance / expected).toBeGreaterThan(0.95);
    expect(variance / expected).toBeLessThan(1.05);
  });
});
