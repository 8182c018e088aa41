import { describe, expect, it } from "vitest";
import { leastWeightScales, quantizeBias, quantizeWeight, unsignedAffine } from "../src/quantize/affine.js";
import { packBlocks } from "../src/quantize/int4.js";
import { readGolden } from "./golden.js";

interface Weight {
  readonly kind: "weight";
  readonly shape: readonly number[];
  readonly axis: number | null;
  readonly largest: number;
  readonly weight: readonly number[];
  readonly scales: readonly number[];
  readonly whole: readonly number[];
}

interface Range {
  readonly kind: "range";
  readonly min: number;
  readonly max: number;
  readonly scale: number;
  readonly zeroPoint: number;
}

interface Blocks {
  readonly kind: "blocks";
  readonly columns: number;
  readonly depth: number;
  readonly block: number;
  readonly asymmetric: boolean;
  readonly weight: readonly number[];
  readonly scales: readonly number[];
  readonly restored: readonly number[];
}

type Case = Weight | Range | Blocks;

const cases = readGolden<Case>("quantize");
const of = <Kind extends Case["kind"]>(kind: Kind) =>
  cases.filter((known): known is Extract<Case, { kind: Kind }> => known.kind === kind);

describe("whole numbers", () => {
  it.each(of("weight"))(
    "of weights $shape along $axis are numpy's",
    ({ shape, axis, largest, weight, scales, whole }) => {
      const found = quantizeWeight(Float32Array.from(weight), shape, axis ?? undefined, largest);
      expect([...found.data]).toEqual(whole);
      expect([...found.scales]).toEqual(scales);
    },
  );

  it.each(of("range"))("of activations from $min to $max are numpy's", ({ min, max, scale, zeroPoint }) => {
    expect(unsignedAffine({ min, max })).toEqual({ scale, zeroPoint });
  });

  it("of a value that is always 0 have a scale", () => {
    expect(unsignedAffine({ min: 0, max: 0 })).toEqual({ scale: 1, zeroPoint: 0 });
    expect(unsignedAffine({ min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY }).scale).toBe(1);
  });

  it("of biases are in the unit of the sums", () => {
    const { data, scales } = quantizeBias(Float32Array.of(1, -0.26), 0.5, Float32Array.of(0.25, 0.01));
    expect([...data]).toEqual([8, -52]);
    expect(scales[1]).toBeCloseTo(0.005, 8);
  });

  it("of large biases fit into int32, because weights have coarser scales", () => {
    const bias = Float32Array.of(1e6);
    const { scales } = quantizeWeight(Float32Array.of(1e-3), [1, 1], 0, 127, leastWeightScales(bias, 1e-5));
    expect(Math.abs(quantizeBias(bias, 1e-5, scales).data[0]!)).toBeLessThanOrEqual(2 ** 30);
  });

  it.each(of("blocks"))("in 4 bits, $columns × $depth by $block (asymmetric: $asymmetric), are numpy's", (known) => {
    const { columns, depth, block, asymmetric, weight, scales, restored } = known;
    const packed = packBlocks({ shape: [columns, depth], data: Float32Array.from(weight) }, block, asymmetric);
    expect([...packed.scales]).toEqual(scales);
    const half = (bytes: Uint8Array, place: number) => (bytes[place >> 1]! >> (place % 2 === 0 ? 0 : 4)) & 15;
    const blocks = Math.ceil(depth / block);
    for (let n = 0; n < columns; n++) {
      for (let k = 0; k < depth; k++) {
        const b = Math.floor(k / block);
        const zero = packed.zeroPoints ? half(packed.zeroPoints, n * Math.ceil(blocks / 2) * 2 + b) : 8;
        const value = (half(packed.weights, n * blocks * block + k) - zero) * packed.scales[n * blocks + b]!;
        expect(value).toBeCloseTo(restored[n * depth + k]!, 5);
      }
    }
  });
});
