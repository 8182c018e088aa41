import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { prepareAugmentation } from "../../src/data/augment/index.js";
import { OPERATIONS } from "../../src/data/augment/operations/index.js";
import { ViewStream } from "../../src/data/augment/view-stream.js";
import { dataset, errorOf } from "./helpers.js";

interface GoldenImage {
  readonly shape: readonly [number, number, number];
  readonly pixels: readonly number[];
  readonly results: readonly { operation: string; magnitude: number; pixels: readonly number[] }[];
}

const { cases } = JSON.parse(readFileSync(new URL("../golden/augment.json", import.meta.url), "utf8")) as {
  readonly cases: readonly GoldenImage[];
};

const named = (name: string) => OPERATIONS.find((operation) => operation.name === name)!;

describe.each(cases)("an image of $shape", ({ shape: [channels, height, width], pixels, results }) => {
  const geometry = { channels, height, width };
  const source = Uint8Array.from([...pixels.map(() => 55), ...pixels]);

  it.each(results)("after $operation by $magnitude is what PyTorch makes of it", (result) => {
    const target = new Uint8Array(pixels.length).fill(99);
    named(result.operation).apply(source, pixels.length, target, geometry, result.magnitude);
    for (const [i, value] of target.entries()) expect(Math.abs(value - result.pixels[i]!)).toBeLessThan(0.56);
  });
});

describe("operations", () => {
  it("are RandAugment's 14, all golden", () => {
    const golden = new Set(cases.flatMap(({ results }) => results.map(({ operation }) => operation)));
    expect(new Set(OPERATIONS.map(({ name }) => name))).toEqual(golden);
    expect(OPERATIONS).toHaveLength(14);
  });

  const geometry = { channels: 1, height: 331, width: 662 };
  it.each([
    ["shear-x", 0.3, 0.99],
    ["translate-x", 300, 32],
    ["translate-y", 150, 32],
    ["rotate", 30, 135],
    ["sharpness", 0.9, 0.99],
    ["posterize", 4, 2],
    ["solarize", 0, 0],
  ])("%s reaches as far as in torchvision", (name, usual, wide) => {
    expect(named(name).magnitude(1, "usual", geometry)).toBeCloseTo(usual, 9);
    expect(named(name).magnitude(1, "wide", geometry)).toBeCloseTo(wide, 9);
  });

  it("of magnitude 0 that grow from nothing change nothing", () => {
    const { pixels } = dataset([0], 6, 5, 3);
    for (const operation of OPERATIONS) {
      if (["solarize", "autocontrast", "equalize"].includes(operation.name)) continue;
      const target = new Uint8Array(90);
      const geometry = { channels: 3, height: 6, width: 5 };
      operation.apply(pixels, 0, target, geometry, operation.magnitude(0, "usual", geometry));
      expect(target, operation.name).toEqual(pixels);
    }
  });
});

/** What a change makes of many copies of one image. */
function outcomes(name: string, options: object, count: number, channels = 1): string[] {
  const set = dataset([0, 0], 8, 7, channels);
  const change = prepareAugmentation(name, options);
  const random = new ViewStream();
  const target = new Uint8Array(56 * channels);
  return Array.from({ length: count }, (_, i) => {
    random.reset(3, i);
    change(set.pixels, 56 * channels, target, set, random);
    return target.join();
  });
}

const plain = (channels = 1) =>
  dataset([0, 0], 8, 7, channels)
    .pixels.subarray(56 * channels)
    .join();

describe("rand-augment", () => {
  it("of one operation makes what the 14 operations make, each about as often, either way", () => {
    const set = dataset([0, 0], 8, 7);
    const expected = new Map<string, number>();
    for (const operation of OPERATIONS) {
      for (const sign of operation.isSigned ? [1, -1] : [1]) {
        const target = new Uint8Array(56);
        operation.apply(set.pixels, 56, target, set, sign * operation.magnitude(20 / 30, "usual", set));
        const share = 1 / 14 / (operation.isSigned ? 2 : 1);
        expected.set(target.join(), (expected.get(target.join()) ?? 0) + share);
      }
    }
    const images = outcomes("rand-augment", { operations: 1, magnitude: 20 }, 28_000);
    const counts = new Map<string, number>();
    for (const image of images) counts.set(image, (counts.get(image) ?? 0) + 1);
    expect(new Set(counts.keys())).toEqual(new Set(expected.keys()));
    for (const [image, share] of expected) {
      const spread = Math.sqrt(28_000 * share * (1 - share));
      expect(Math.abs(counts.get(image)! - 28_000 * share)).toBeLessThan(5 * spread);
    }
  });

  it.each([2, 3, 5])("of %i operations composes them", (operations) => {
    const many = outcomes("rand-augment", { operations, magnitude: 15 }, 500, 3);
    expect(new Set(many).size).toBeGreaterThan(60);
    expect(outcomes("rand-augment", { operations, magnitude: 15 }, 500, 3)).toEqual(many);
  });

  it("leaves as many images alone as it is told to", () => {
    const kept = outcomes("rand-augment", { p: 0.25, operations: 2, magnitude: 15 }, 4000, 3).filter(
      (image) => image === plain(3),
    ).length;
    // Also kept: where both operations are the identity, or posterize takes bits that are 0.
    expect(kept / 4000).toBeGreaterThan(0.72);
    expect(kept / 4000).toBeLessThan(0.79);
  });

  it.each([{ magnitude: 31 }, { operations: 0 }, { p: 2 }, { magnitudes: 9 }])("refuses %j", async (options) => {
    expect(await errorOf(() => prepareAugmentation("rand-augment", options))).toMatchObject({ code: "RECIPE_INVALID" });
  });
});

describe("trivial-augment", () => {
  it("is one operation of any strength", () => {
    const set = dataset([0, 0], 8, 7, 3);
    const possible = new Set<string>();
    for (const operation of OPERATIONS) {
      for (const sign of [1, -1]) {
        for (let step = 0; step <= 30; step++) {
          const target = new Uint8Array(168);
          const magnitude = operation.magnitude(step / 30, "wide", set);
          operation.apply(set.pixels, 168, target, set, operation.isSigned ? sign * magnitude : magnitude);
          possible.add(target.join());
        }
      }
    }
    const images = new Set(outcomes("trivial-augment", {}, 8000, 3));
    expect([...images].filter((image) => !possible.has(image))).toEqual([]);
    expect(images.size).toBeGreaterThan(0.9 * possible.size);
  });
});
