import { describe, expect, it } from "vitest";
import { Comparison } from "../../src/quantize/compare.js";

const batch = (answers: number[], labels: number[]) => {
  return { count: labels.length, answers: Float32Array.from(answers), labels: Uint8Array.from(labels) };
};

describe("answers before and after", () => {
  it("are compared over all batches: signal to noise, the same answers, right ones", async () => {
    const comparison = new Comparison();
    comparison.add(batch([3, 1, 0, 2], [0, 0]), Float32Array.of(3, 1, 2, 1));
    comparison.add(batch([1, 0], [1]), Float32Array.of(1, 0));
    // 15 of signal; (2² + 1²) of noise.
    expect(comparison.sqnr).toBeCloseTo(10 * Math.log10(15 / 5), 6);
    const { samples, largest, agreement, accuracy } = await comparison.closeness(2, 1);
    expect([samples, largest]).toEqual([3, 2]);
    expect(agreement.value).toBeCloseTo(2 / 3, 12);
    expect(accuracy!.before.value).toBeCloseTo(1 / 3, 12);
    expect(accuracy!.after.value).toBeCloseTo(2 / 3, 12);
    expect(accuracy!.difference).toMatchObject({ value: 1 / 3, low: 0, high: 1 });
    expect((await comparison.closeness(5, 1)).accuracy).toBeNull();
  });

  it("that are equal have no noise; a single output counts by its sign", async () => {
    const comparison = new Comparison();
    comparison.add(batch([-1, 2], [0, 1]), Float32Array.of(-1, 2));
    expect(comparison.sqnr).toBeNull();
    comparison.add(batch([0.5], [0]), Float32Array.of(-0.5));
    expect(comparison.agreement).toBeCloseTo(2 / 3, 12);
  });

  it("are numbers, where they were numbers", () => {
    const add = (found: number) => () => new Comparison().add(batch([1], [0]), Float32Array.of(found));
    expect(add(Number.NaN)).toThrow(expect.objectContaining({ code: "MODEL_FAILED" }));
    expect(add(Number.POSITIVE_INFINITY)).toThrow(/answers with Infinity/);
  });
});
