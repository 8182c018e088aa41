import { fromFloat16, randomStream } from "@limbeck/graph";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { meanKl, softmaxRow, topClasses } from "../../src/evaluate/metrics.js";
import { toHalves } from "../../src/support/half.js";
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
    expect(toHalves(fromFloat16(bits))).toEqual(bits);
  });

  it("rounds to the nearest, and of two to the even one", () => {
    expect([...toHalves(Float32Array.of(1 + 2 ** -11, 1 + 3 * 2 ** -11, 2 - 2 ** -12, 2 ** -25, 1e6))]).toEqual([
      0x3c00, 0x3c02, 0x4000, 0, 0x7bff,
    ]);
    fc.assert(
      fc.property(fc.float({ min: Math.fround(-6e4), max: Math.fround(6e4), noNaN: true }), (value) => {
        const back = fromFloat16(toHalves(Float32Array.of(value)))[0]!;
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
