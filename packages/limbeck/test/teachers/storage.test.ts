import { fromFloat16, randomStream, toFloat16 } from "@limbeck/graph";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { meanKl, softmaxRow, topClasses } from "../../src/evaluate/metrics.js";
import { decodeSafetensors, encodeSafetensors } from "../../src/support/safetensors.js";
import { type AnswerStorage, isExact, packAnswers, storedBytes, unpackAnswers } from "../../src/teachers/storage.js";

/** Confident answers, as a trained network gives them. */
function answers(samples: number, classes: number): Float32Array {
  const random = randomStream(3);
  const logits = Float32Array.from(
    { length: samples * classes },
    () => (random.uniform() + random.uniform() + random.uniform() - 1.5) * 6,
  );
  for (let row = 0; row < samples; row++) logits[row * classes + (row % classes)]! += 12;
  return logits;
}

const stored = (logits: Float32Array, classes: number, storage: AnswerStorage) => {
  const tensors = packAnswers(logits, classes, storage);
  return unpackAnswers(decodeSafetensors(encodeSafetensors({ tensors, metadata: {} }), "x").tensors, classes)!;
};

describe("half precision", () => {
  it("keeps every number that it has", () => {
    const bits = Uint16Array.from({ length: 65_536 }, (_, i) => i).filter((half) => (half & 0x7c00) !== 0x7c00);
    expect(toFloat16(fromFloat16(bits))).toEqual(bits);
  });

  it("rounds to the nearest, and of two to the even one", () => {
    expect([...toFloat16(Float32Array.of(1 + 2 ** -11, 1 + 3 * 2 ** -11, 2 - 2 ** -12, 2 ** -25, 1e6))]).toEqual([
      0x3c00, 0x3c02, 0x4000, 0, 0x7bff,
    ]);
    fc.assert(
      fc.property(fc.float({ min: Math.fround(-6e4), max: Math.fround(6e4), noNaN: true }), (value) => {
        const back = fromFloat16(toFloat16(Float32Array.of(value)))[0]!;
        expect(Math.abs(back - value)).toBeLessThanOrEqual(Math.max(2 ** -25, Math.abs(value) * 2 ** -11));
      }),
    );
  });
});

describe("stored answers", () => {
  it("are what they were in float32", () => {
    const logits = answers(5, 7);
    expect(stored(logits, 7, { dtype: "float32" })).toEqual(logits);
    expect(isExact({ dtype: "float32" }, 7)).toBe(true);
    // A tail of one class is kept as it is.
    expect(stored(logits, 7, { dtype: "float32", top: 6 })).toEqual(logits);
    expect(isExact({ dtype: "float32", top: 6 }, 7)).toBe(true);
    expect(isExact({ dtype: "float32", top: 5 }, 7)).toBe(false);
  });

  it.each([
    { dtype: "float32", top: 10 } as const,
    { dtype: "float16", top: 10 } as const,
    { dtype: "float16" } as const,
  ])("are close in $dtype with the $top largest", (storage) => {
    const classes = 120;
    const logits = answers(240, classes);
    const back = stored(logits, classes, storage);
    expect(topClasses(back, classes)).toEqual(topClasses(logits, classes));
    let lost = 0;
    for (let row = 0; row < 240; row++) {
      const [p, q] = [softmaxRow(logits, row, classes), softmaxRow(back, row, classes)];
      const kept = [...p.keys()].sort((a, b) => p[b]! - p[a]!).slice(0, 10);
      const tail = (values: Float64Array) => 1 - kept.reduce((sum, k) => sum + values[k]!, 0);
      const others = [...p.keys()].filter((k) => !kept.includes(k));
      if (storage.top) for (const k of others) lost += (p[k]! * Math.log((p[k]! * others.length) / tail(p))) / 240;
      const tolerance = storage.dtype === "float16" ? 4e-3 : 1e-6;
      for (const k of kept) expect(Math.abs(p[k]! - q[k]!)).toBeLessThan(tolerance);
      expect(Math.abs(tail(p) - tail(q))).toBeLessThan(tolerance);
    }
    // What is lost is how the tail's weight is spread over it, and nothing else.
    expect(Math.abs(meanKl(logits, back, classes) - lost)).toBeLessThan(1e-4);
  });

  it("take the bytes that were stated", () => {
    for (const [samples, classes, storage, bytes] of [
      [50, 10, { dtype: "float32" }, 2000],
      [50, 10, { dtype: "float16" }, 1000],
      [50, 200, { dtype: "float16", top: 20 }, 50 * (20 * 3 + 2)],
      [50, 300, { dtype: "float32", top: 20 }, 50 * (20 * 6 + 4)],
    ] as const) {
      expect(storedBytes(samples, classes, storage)).toBe(bytes);
      const tensors = Object.values(packAnswers(answers(samples, classes), classes, storage));
      expect(tensors.reduce((sum, { data }) => sum + data.byteLength, 0)).toBe(bytes);
    }
  });

  it("are refused where they do not fit together", () => {
    const { rest: _, ...without } = packAnswers(answers(4, 120), 120, { dtype: "float32", top: 4 });
    expect(unpackAnswers(without, 120)).toBeUndefined();
    expect(unpackAnswers({}, 120)).toBeUndefined();
    expect(unpackAnswers(packAnswers(answers(4, 120), 120, { dtype: "float32" }), 100)).toBeUndefined();
  });
});

/** Mean over many rows of one answer of what its draws make of it, softened by `temperature`. */
function meanTarget(answer: readonly number[], storage: AnswerStorage, rows = 4000): number[] {
  const classes = answer.length;
  const logits = Float32Array.from({ length: rows * classes }, (_, i) => answer[i % classes]!);
  const back = stored(logits, classes, storage).map((logit) => logit / (storage.temperature ?? 1));
  const sums = new Float64Array(classes);
  for (let row = 0; row < rows; row++) {
    for (const [k, p] of softmaxRow(back, row, classes).entries()) sums[k]! += p / rows;
  }
  return [...sums];
}

describe("drawn answers", () => {
  const answer = [3, 1, 0.5, 0, 0, -1, -1, -1.5, -2, -6];

  it.each([
    { draws: 1, temperature: 1 },
    { draws: 8, temperature: 1 },
    { draws: 8, temperature: 4 },
    { draws: 300, temperature: 0.5 },
  ])("are on average what the teacher says: $draws at temperature $temperature", (drawing) => {
    const soft = Float32Array.from(answer, (logit) => logit / drawing.temperature);
    const truth = softmaxRow(soft, 0, answer.length);
    const rows = 4000;
    const mean = meanTarget(answer, { dtype: "float32", ...drawing }, rows);
    for (const [k, p] of truth.entries()) {
      // Five standard deviations of a mean of so many draws.
      const noise = 5 * Math.sqrt((p * (1 - p)) / (rows * drawing.draws)) + 1e-6;
      expect(Math.abs(mean[k]! - p), `class ${k}`).toBeLessThan(noise);
    }
  });

  it("are so where the largest logits alone, made to sum to 1, would be biased", () => {
    const truth = softmaxRow(Float32Array.from(answer), 0, answer.length);
    const kept = truth.slice(0, 3).reduce((a, b) => a + b);
    const [renormalized] = truth.map((p) => p / kept);
    const [mean] = meanTarget(answer, { dtype: "float32", draws: 8 });
    expect(renormalized! - truth[0]!).toBeGreaterThan(0.08);
    expect(Math.abs(mean! - truth[0]!)).toBeLessThan(0.015);
  });

  it("are counts divided by draws, exactly", () => {
    const storage = { dtype: "float32", draws: 16, temperature: 2 } as const;
    const logits = answers(20, 12);
    const back = stored(logits, 12, storage).map((logit) => logit / 2);
    for (let row = 0; row < 20; row++) {
      const counts = Array.from(softmaxRow(back, row, 12), (p) => 16 * p);
      for (const count of counts) expect(Math.abs(count - Math.round(count))).toBeLessThan(1e-4);
      expect(counts.reduce((a, b) => a + b)).toBeCloseTo(16, 6);
    }
    expect(stored(logits, 12, storage)).toEqual(stored(logits, 12, storage));
    expect(isExact(storage, 12)).toBe(false);
  });

  it("give equal answers draws of their own, and take no more bytes than was stated", () => {
    const logits = Float32Array.from({ length: 2 * 400 }, (_, i) => (i % 400) / 100);
    const back = stored(logits, 400, { dtype: "float32", draws: 50 });
    expect(back.slice(0, 400)).not.toEqual(back.slice(400));
    for (const [classes, draws] of [
      [10, 3],
      [400, 300],
      [400, 20],
    ] as const) {
      const storage = { dtype: "float32", draws } as const;
      const tensors = Object.values(packAnswers(answers(30, classes), classes, storage));
      const taken = tensors.reduce((sum, { data }) => sum + data.byteLength, 0);
      expect(taken).toBeLessThanOrEqual(storedBytes(30, classes, storage));
    }
  });

  it("are refused where they do not fit together", () => {
    const packed = packAnswers(answers(4, 12), 12, { dtype: "float32", draws: 9 });
    const { distinct: _, ...without } = packed;
    expect(unpackAnswers(without, 12)).toBeUndefined();
    expect(unpackAnswers(packed, 2)).toBeUndefined();
    const counts = { ...packed.counts!, data: packed.counts!.data.map(() => 0) as Uint8Array };
    expect(unpackAnswers({ ...packed, counts }, 12)).toBeUndefined();
    const distinct = { ...packed.distinct!, data: Uint16Array.of(1, 1, 1, 1) };
    expect(unpackAnswers({ ...packed, distinct }, 12)?.length).toBeUndefined();
  });
});
