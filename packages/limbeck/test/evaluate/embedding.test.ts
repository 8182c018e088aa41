import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fitLinearMap } from "../../src/evaluate/embedding/linear-map.js";
import { embeddingReference, measureEmbeddings } from "../../src/evaluate/embedding/measures.js";
import { chanceRecall, nearest, recalls } from "../../src/evaluate/embedding/retrieval.js";
import { cosines, repeated, squaredDistances, type Vectors } from "../../src/evaluate/embedding/vectors.js";

const golden = JSON.parse(readFileSync(new URL("../golden/embedding.json", import.meta.url), "utf8"));
const vectors = (values: readonly number[], width: number): Vectors => ({ values: Float32Array.from(values), width });
const [teacher, student] = [vectors(golden.teacher, golden.width), vectors(golden.student, golden.width)];
const everywhere = Uint32Array.from({ length: 12 }, (_, i) => i);

function expectClose(found: ArrayLike<number>, wanted: readonly number[], digits = 6): void {
  expect(found).toHaveLength(wanted.length);
  for (const [i, value] of wanted.entries()) expect(found[i]).toBeCloseTo(value, digits);
}

describe("measures of embeddings are numpy's", () => {
  it("cosines and squared distances", () => {
    expectClose(cosines(teacher, student), golden.cosines);
    expectClose(squaredDistances(teacher, student), golden.squared);
  });

  it("nearest neighbors, and how many of them another embedding finds", () => {
    expect(nearest(teacher, 4).map((row) => [...row])).toEqual(golden.nearest);
    expect(recalls(nearest(teacher, 4), nearest(student, 4), 1)).toEqual(golden.recall1);
    expectClose(recalls(nearest(teacher, 4), nearest(student, 4), 4), golden.recall4);
  });

  it("a linear map with the penalty that held-out samples choose", () => {
    const map = fitLinearMap(vectors(golden.inputs, 3), vectors(golden.targets, 4));
    expectClose(map(vectors(golden.probe, 3)).values, golden.mapped, 5);
  });
});

describe("embeddings of a student", () => {
  const reference = embeddingReference(teacher, everywhere);

  it("are measured over samples and seeds", async () => {
    const { cosine, relativeError, recall10 } = await measureEmbeddings(reference, [student, teacher], 1);
    const mean = golden.cosines.reduce((a: number, b: number) => a + b) / 12;
    expect(cosine!.mean).toBeCloseTo((mean + 1) / 2, 6);
    expect(cosine!.sd).toBeCloseTo((1 - mean) / Math.SQRT2, 6);
    expect(cosine!.low).toBeLessThan(cosine!.mean);
    expect(cosine!.high).toBeGreaterThan(cosine!.mean);
    expect(relativeError!.mean).toBeCloseTo(golden.relative / 2, 6);
    expect(recall10!.mean).toBeGreaterThan(chanceRecall(12, 10));
  });

  it("are a perfect copy where they are the teacher's, whatever their length is to the cosine", async () => {
    const longer = { ...teacher, values: teacher.values.map((value) => 3 * value) };
    const [same, scaled] = [
      await measureEmbeddings(reference, [teacher], 1),
      await measureEmbeddings(reference, [longer], 1),
    ];
    expect(same).toMatchObject({
      squaredError: { mean: 0 },
      recall1: { mean: 1, low: 1, high: 1 },
      recall10: { mean: 1 },
    });
    expect(scaled.cosine!.mean).toBeCloseTo(1, 6);
    expect(scaled.recall10!.mean).toBe(1);
    expect(scaled.relativeError!.mean).toBeGreaterThan(1);
  });

  it("have no cosine where their width is another, but neighbors; and none where all are one", async () => {
    const narrow = vectors(golden.targets.slice(0, 48), 4);
    const other = await measureEmbeddings(reference, [narrow], 1);
    expect(other).toMatchObject({ cosine: null, squaredError: null, relativeError: null, recall1: expect.anything() });
    const constant = await measureEmbeddings(reference, [repeated(Float32Array.of(1, 2, 3, 4, 5), 12)], 1);
    expect(constant).toMatchObject({ recall1: null, recall10: null, cosine: expect.anything() });
  });

  it("have no direction where they are zero: a cosine of 0", () => {
    expect(cosines(teacher, repeated(new Float32Array(5), 12)).every((cosine) => cosine === 0)).toBe(true);
  });
});
