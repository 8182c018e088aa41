import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  AUGMENTATIONS,
  createAugmenter,
  type ImageChange,
  prepareAugmentation,
  SOUND_AUGMENTATIONS,
} from "../../src/data/augment/index.js";
import { shift } from "../../src/data/augment/jitter.js";
import { ViewStream } from "../../src/data/augment/view-stream.js";
import { dataset, errorOf } from "./helpers.js";

const SET = dataset(new Array(50).fill(0), 5, 6, 2);
const IMAGE = 5 * 6 * 2;

function sample(index: number): number[] {
  return [...SET.pixels.subarray(index * IMAGE, (index + 1) * IMAGE)];
}

/** What a shift must give, written the slow way. */
function shifted(index: number, right: number, down: number): number[] {
  const at = (c: number, y: number, x: number): number =>
    y < 0 || y >= 5 || x < 0 || x >= 6 ? 0 : SET.pixels[index * IMAGE + (c * 5 + y) * 6 + x]!;
  return Array.from({ length: IMAGE }, (_, i) => {
    const [c, y, x] = [Math.floor(i / 30), Math.floor(i / 6) % 5, i % 6];
    return at(c, y - down, x - right);
  });
}

describe("shift", () => {
  it("moves the content exactly and fills with 0", () => {
    const distance = fc.integer({ min: -8, max: 8 });
    fc.assert(
      fc.property(fc.nat(49), distance, distance, (index, right, down) => {
        const target = new Uint8Array(IMAGE).fill(99);
        shift(SET.pixels, index * IMAGE, target, SET, right, down);
        expect([...target]).toEqual(shifted(index, right, down));
      }),
    );
  });
});

describe("jitter", () => {
  function view(pixels: number, seed: number, number: number): number[][] {
    const augment = createAugmenter([prepareAugmentation("jitter", { pixels })], SET, seed, number);
    return Array.from({ length: SET.size }, (_, i) => [...augment(SET.pixels, i)]);
  }

  it("of 0 pixels changes nothing", () => {
    view(0, 1, 0).forEach((image, i) => {
      expect(image).toEqual(sample(i));
    });
  });

  it("moves every image by a shift within its bounds, and uses them all", () => {
    const distances = [-1, 0, 1];
    const all = distances.flatMap((right) => distances.map((down) => [right, down] as const));
    const used = new Set<string>();
    view(1, 1, 0).forEach((image, i) => {
      const found = all.filter(([right, down]) => shifted(i, right, down).join() === image.join());
      expect(found).toHaveLength(1);
      used.add(String(found[0]));
    });
    expect(used.size).toBe(9);
  });

  it("depends on seed, view and sample alone", () => {
    const first = view(2, 1, 0);
    expect(view(2, 1, 0)).toEqual(first);
    expect(view(2, 2, 0)).not.toEqual(first);
    expect(view(2, 1, 1)).not.toEqual(first);
    const augment = createAugmenter([prepareAugmentation("jitter", { pixels: 2 })], SET, 1, 0);
    for (const i of [40, 3, 3, 17]) expect([...augment(SET.pixels, i)]).toEqual(first[i]);
  });

  it("moves by 2 pixels unless told otherwise", () => {
    const augment = createAugmenter([prepareAugmentation("jitter", {})], SET, 1, 0);
    expect([...augment(SET.pixels, 7)]).toEqual(view(2, 1, 0)[7]);
  });

  it.each([{ pixels: -1 }, { pixels: 1.5 }, { pixles: 1 }, 3])("refuses the options %j", async (options) => {
    const error = await errorOf(() => prepareAugmentation("jitter", options));
    expect(error).toMatchObject({ code: "RECIPE_INVALID", value: options });
    expect(error.where).toMatch(/^jitter/);
  });
});

describe("prepareAugmentation", () => {
  it.each(["jiter", "constructor"])("refuses the name %s", async (name) => {
    const error = await errorOf(() => prepareAugmentation(name, {}));
    expect(error).toMatchObject({
      code: "RECIPE_INVALID",
      value: name,
      fix: `Use one of: ${Object.keys({ ...AUGMENTATIONS, ...SOUND_AUGMENTATIONS }).join(", ")}.`,
    });
  });
});

describe("createAugmenter", () => {
  const invert: ImageChange = (source, offset, target) => {
    for (let i = 0; i < target.length; i++) target[i] = 255 - source[offset + i]!;
  };

  it("copies where there is nothing to change", () => {
    expect([...createAugmenter([], SET, 1, 0)(SET.pixels, 4)]).toEqual(sample(4));
  });

  it("applies changes in order", () => {
    const move: ImageChange = (source, offset, target, geometry) => shift(source, offset, target, geometry, 1, 0);
    const augment = createAugmenter([invert, move, invert], SET, 1, 0);
    const expected = shifted(4, 1, 0).map((value, i) => (i % 6 === 0 ? 255 : value));
    expect([...augment(SET.pixels, 4)]).toEqual(expected);
    expect([...SET.pixels.subarray(0, IMAGE)]).toEqual(sample(0));
  });

  it("leaves a change's random numbers alone when another is added after it", () => {
    const jitter = prepareAugmentation("jitter", { pixels: 2 });
    const alone = [...createAugmenter([jitter], SET, 1, 0)(SET.pixels, 9)];
    const both = createAugmenter([jitter, invert], SET, 1, 0)(SET.pixels, 9);
    expect([...both].map((value) => 255 - value)).toEqual(alone);
  });
});

describe("ViewStream", () => {
  it("is uniform over places", () => {
    const stream = new ViewStream();
    const counts = new Array<number>(25).fill(0);
    for (let i = 0; i < 25_000; i++) {
      stream.reset(5, i);
      counts[stream.below(5) * 5 + stream.below(5)]!++;
    }
    // Chi-squared with 24 degrees of freedom exceeds 51 in one of a thousand.
    const chi = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chi).toBeLessThan(51);
  });

  it("gives numbers in [0, 1)", () => {
    const stream = new ViewStream();
    stream.reset(1, 0);
    const numbers = Array.from({ length: 10_000 }, () => stream.uniform());
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...numbers)).toBeLessThan(1);
    expect(numbers.reduce((sum, value) => sum + value, 0) / 10_000).toBeCloseTo(0.5, 1);
  });
});
