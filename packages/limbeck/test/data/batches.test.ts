import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAugmenter, prepareAugmentation } from "../../src/data/augment/index.js";
import {
  batchesPerEpoch,
  batchesToCover,
  createBatchTarget,
  epochOrder,
  fillBatch,
  sequentialOrder,
} from "../../src/data/batches.js";
import { pick, wholeSplit } from "../../src/data/dataset.js";
import { dataset, errorOf } from "./helpers.js";

const SET = dataset(Array.from({ length: 20 }, (_, i) => i % 3));
const IMAGE = 12;
const SPLIT = pick(wholeSplit(SET), Uint32Array.from([19, 7, 3, 11, 5, 0, 2]));

describe("epochOrder", () => {
  it("is a permutation that depends on seed and epoch", () => {
    const order = epochOrder(100, 1, 0);
    expect([...order].sort((a, b) => a - b)).toEqual([...sequentialOrder(100)]);
    expect(epochOrder(100, 1, 0)).toEqual(order);
    expect(epochOrder(100, 1, 1)).not.toEqual(order);
    expect(epochOrder(100, 2, 0)).not.toEqual(order);
  });
});

describe("the number of batches", () => {
  it.each([
    [100, 10, 10, 10],
    [109, 10, 10, 11],
    [10, 10, 1, 1],
    [3, 10, 1, 1],
  ])("of %d samples by %d: %d to train, %d to evaluate", (length, size, perEpoch, toCover) => {
    expect(batchesPerEpoch(length, size)).toBe(perEpoch);
    expect(batchesToCover(length, size)).toBe(toCover);
  });

  it("is not to be had of nothing", async () => {
    expect((await errorOf(() => batchesPerEpoch(0, 4))).code).toBe("DATA_TOO_SMALL");
    expect((await errorOf(() => batchesToCover(0, 4))).code).toBe("DATA_TOO_SMALL");
  });
});

describe("fillBatch", () => {
  it("fills in images, labels and rows", () => {
    const target = createBatchTarget(SET, 3);
    fillBatch(SPLIT, Uint32Array.from([6, 5, 4, 3, 2, 1, 0]), 1, 3, target);
    expect([...target.rows]).toEqual([3, 2, 1]);
    const indices = [11, 3, 7];
    expect([...target.labels]).toEqual(indices.map((index) => BigInt(index % 3)));
    const pixels = indices.flatMap((index) => [...SET.pixels.subarray(index * IMAGE, (index + 1) * IMAGE)]);
    expect([...target.images]).toEqual(pixels.map((pixel) => Math.fround(pixel / 255)));
  });

  it("begins again where the split is smaller than the batch", () => {
    const target = createBatchTarget(SET, 10);
    fillBatch(SPLIT, sequentialOrder(7), 0, 10, target);
    expect([...target.rows]).toEqual([0, 1, 2, 3, 4, 5, 6, 0, 1, 2]);
  });

  it("visits each sample at most once in an epoch, and all of them to evaluate", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), fc.nat(), (batchSize, epoch) => {
        const target = createBatchTarget(SET, batchSize);
        const visit = (order: Uint32Array, batches: number): number[] =>
          Array.from({ length: batches }, (_, b) => {
            fillBatch(SPLIT, order, b, batchSize, target);
            return [...target.rows];
          }).flat();
        const trained = visit(epochOrder(7, 1, epoch), batchesPerEpoch(7, batchSize));
        expect(new Set(trained).size).toBe(trained.length);
        expect(new Set(visit(sequentialOrder(7), batchesToCover(7, batchSize))).size).toBe(7);
      }),
    );
  });

  it("changes images on their way", () => {
    const augment = createAugmenter([prepareAugmentation("jitter", { pixels: 2 })], SET, 1, 0);
    const [plain, changed] = [createBatchTarget(SET, 7), createBatchTarget(SET, 7)];
    fillBatch(SPLIT, sequentialOrder(7), 0, 7, plain);
    fillBatch(SPLIT, sequentialOrder(7), 0, 7, changed, augment);
    expect(changed.labels).toEqual(plain.labels);
    expect(changed.images).not.toEqual(plain.images);
    const last = [...augment(SET.pixels, 2)].map((pixel) => Math.fround(pixel / 255));
    expect([...changed.images.subarray(6 * IMAGE)]).toEqual(last);
  });

  it("refuses a target of another batch size", () => {
    expect(() => fillBatch(SPLIT, sequentialOrder(7), 0, 4, createBatchTarget(SET, 3))).toThrow(RangeError);
  });
});
