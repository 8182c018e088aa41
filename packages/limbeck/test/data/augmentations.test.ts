import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { AUGMENTATIONS, createAugmenter, type ImageChange, prepareAugmentation } from "../../src/data/augment/index.js";
import type { ImageGeometry } from "../../src/data/dataset.js";
import { dataset, errorOf } from "./helpers.js";

const LINE: ImageGeometry = { channels: 1, height: 1, width: 5 };

/** Random numbers that a test chooses: the same share at every draw. */
function chosen(share: number) {
  return { int32: () => 0, uniform: () => share, below: (bound: number) => Math.floor(share * bound) };
}

/** What a change makes of an image, with one more image in front of it. */
function changed(change: ImageChange, geometry: ImageGeometry, pixels: readonly number[], share: number): number[] {
  const target = new Uint8Array(pixels.length).fill(77);
  change(Uint8Array.from([...pixels.map(() => 99), ...pixels]), pixels.length, target, geometry, chosen(share));
  return [...target];
}

describe.each(Object.keys(AUGMENTATIONS))("%s", (name) => {
  const set = dataset(new Array(30).fill(0), 7, 6, 3);
  const views = (seed: number, view: number) => {
    const augment = createAugmenter([prepareAugmentation(name, {})], set, seed, view);
    return Array.from({ length: set.size }, (_, i) => [...augment(set.pixels, i)]);
  };

  it("depends on seed, view and sample alone, and on each of them", () => {
    expect(views(1, 0)).toEqual(views(1, 0));
    expect(views(1, 0)).not.toEqual(views(2, 0));
    expect(views(1, 0)).not.toEqual(views(1, 1));
  });

  it("writes every value, and leaves the data set alone", () => {
    const before = set.pixels.slice();
    const [first, second] = [new Uint8Array(126).fill(3), new Uint8Array(126).fill(200)];
    for (const target of [first, second]) prepareAugmentation(name, {})(set.pixels, 126, target, set, chosen(0.4));
    expect(first).toEqual(second);
    expect(set.pixels).toEqual(before);
  });

  it("refuses unknown options", async () => {
    expect((await errorOf(() => prepareAugmentation(name, { no: 1 }))).code).toBe("RECIPE_INVALID");
  });
});

describe("random-resized-crop", () => {
  const { cases } = JSON.parse(readFileSync(new URL("../golden/resized_crop.json", import.meta.url), "utf8")) as {
    readonly cases: readonly {
      readonly shape: readonly [number, number, number];
      readonly share: number;
      readonly scale: readonly number[];
      readonly ratio: readonly number[];
      readonly image: readonly number[];
      readonly pixels: readonly number[];
    }[];
  };

  it.each(cases)("of $shape at $share is what PyTorch makes of it", ({ shape, share, scale, ratio, image, pixels }) => {
    const [channels, height, width] = shape;
    const found = changed(
      prepareAugmentation("random-resized-crop", { scale, ratio }),
      { channels, height, width },
      image,
      share,
    );
    expect(found.length).toBe(pixels.length);
    for (const [i, value] of found.entries()) expect(Math.abs(value - pixels[i]!)).toBeLessThanOrEqual(0.500001);
  });

  it("of all of the image is the image", () => {
    const crop = prepareAugmentation("random-resized-crop", { scale: [1, 1], ratio: [1, 1] });
    expect(changed(crop, { channels: 1, height: 2, width: 2 }, [1, 2, 3, 4], 0.3)).toEqual([1, 2, 3, 4]);
  });

  it("refuses ranges that fall", async () => {
    const error = await errorOf(() => prepareAugmentation("random-resized-crop", { scale: [1, 0.5] }));
    expect(error.message).toContain("scale must rise");
  });
});

describe("flip", () => {
  it("mirrors rows, of as many images as it is told to", () => {
    const flip = prepareAugmentation("flip", { p: 0.3 });
    const square = { channels: 1, height: 2, width: 2 };
    expect(changed(flip, square, [1, 2, 3, 4], 0.2)).toEqual([2, 1, 4, 3]);
    expect(changed(flip, square, [1, 2, 3, 4], 0.3)).toEqual([1, 2, 3, 4]);
  });
});

describe("crop", () => {
  it.each([
    ["reflect", [3, 2, 1, 2, 3], [3, 4, 5, 4, 3]],
    ["edge", [1, 1, 1, 2, 3], [3, 4, 5, 5, 5]],
  ])("fills with %s on either side", (fill, left, right) => {
    const crop = prepareAugmentation("crop", { padding: 2, fill });
    expect(changed(crop, LINE, [1, 2, 3, 4, 5], 0)).toEqual(left);
    expect(changed(crop, LINE, [1, 2, 3, 4, 5], 0.5)).toEqual([1, 2, 3, 4, 5]);
    expect(changed(crop, LINE, [1, 2, 3, 4, 5], 0.99)).toEqual(right);
    const column = { channels: 1, height: 5, width: 1 };
    expect(changed(crop, column, [1, 2, 3, 4, 5], 0)).toEqual(left);
  });

  it("reflects more than once where the padding is wider than the image", () => {
    const crop = prepareAugmentation("crop", { padding: 5 });
    expect(changed(crop, { ...LINE, width: 3 }, [1, 2, 3], 0)).toEqual([2, 1, 2]);
  });

  it("with zeros is what jitter does", () => {
    const set = dataset(new Array(20).fill(0), 5, 6, 2);
    const [crop, jitter] = [
      prepareAugmentation("crop", { padding: 3, fill: "zero" }),
      prepareAugmentation("jitter", { pixels: 3 }),
    ];
    for (const share of [0, 0.2, 0.5, 0.8, 0.99]) {
      const opposite = 0.999 - share;
      const [a, b] = [new Uint8Array(60), new Uint8Array(60)];
      crop(set.pixels, 60, a, set, chosen(share));
      jitter(set.pixels, 60, b, set, chosen(opposite));
      expect(a).toEqual(b);
    }
  });
});

describe("rotation", () => {
  const square = { channels: 1, height: 3, width: 3 };
  const image = [1, 2, 3, 4, 5, 6, 7, 8, 9];

  it("by a right angle moves pixels exactly, and by nothing none", () => {
    const rotation = prepareAugmentation("rotation", { degrees: 90 });
    expect(changed(rotation, square, image, 0.5)).toEqual(image);
    expect(changed(rotation, square, image, 0)).toEqual([3, 6, 9, 2, 5, 8, 1, 4, 7]);
    expect(changed(rotation, square, image, 1)).toEqual([7, 4, 1, 8, 5, 2, 9, 6, 3]);
  });

  it("by 45 degrees mixes neighbors and fills corners from outside", () => {
    const turned = changed(prepareAugmentation("rotation", { degrees: 45 }), square, new Array(9).fill(100), 1);
    expect(turned[4]).toBe(100);
    expect(turned[0]).toBe(Math.round(100 * (2 - Math.SQRT2)));
  });
});

describe("color", () => {
  const point = { channels: 3, height: 1, width: 2 };
  const only = (options: object) =>
    prepareAugmentation("color", { brightness: 0, contrast: 0, saturation: 0, ...options });

  it("multiplies by the brightness and stays within bytes", () => {
    expect(changed(only({ brightness: 1 }), point, [10, 20, 30, 40, 50, 200], 0.75)).toEqual([15, 30, 45, 60, 75, 255]);
  });

  it("without contrast leaves the mean luma, without saturation each pixel's", () => {
    const image = [100, 0, 50, 0, 0, 0];
    expect(changed(only({ contrast: 1 }), point, image, 0)).toEqual(new Array(6).fill(30));
    expect(changed(only({ saturation: 1 }), point, image, 0)).toEqual([59, 0, 59, 0, 59, 0]);
  });

  it("knows no saturation of gray images", () => {
    expect(changed(only({ saturation: 1 }), LINE, [1, 2, 3, 4, 5], 0)).toEqual([1, 2, 3, 4, 5]);
  });
});

describe("the hue in color", () => {
  const turned = (channels: number, pixels: readonly number[], share: number) => {
    const color = prepareAugmentation("color", { brightness: 0, contrast: 0, saturation: 0, hue: 0.5 });
    return changed(color, { channels, height: 1, width: pixels.length / channels }, pixels, share);
  };

  it("turns by the share of the circle that was drawn: a third makes green of red", () => {
    const image = [200, 10, 60, 10, 200, 60, 10, 10, 60];
    expect(turned(3, image, 0.5)).toEqual(image);
    expect(turned(3, image, 0.5 + 1 / 3)).toEqual([10, 10, 60, 200, 10, 60, 10, 200, 60]);
    expect(turned(3, image, 0.5 - 1 / 3)).toEqual([10, 200, 60, 10, 10, 60, 200, 10, 60]);
    expect(turned(3, [200, 100, 50], 1)).toEqual([50, 150, 200]);
  });

  it("is as Python's colorsys has it", () => {
    // colorsys.hsv_to_rgb((h + turn) % 1, s, v) of rgb_to_hsv(r, g, b), times 255, for turns of 0.1 and -0.4
    expect(turned(3, [12, 250, 130], 0.6)).toEqual([12, 227, 250]);
    expect(turned(3, [12, 250, 130], 0.1)).toEqual([250, 35, 12]);
  });

  it("leaves gray images alone", () => expect(turned(1, [1, 2, 3], 0.9)).toEqual([1, 2, 3]));
});

describe("cutout", () => {
  it("cuts the same square out of all channels, also over the border", () => {
    const geometry = { channels: 2, height: 3, width: 3 };
    const cutout = prepareAugmentation("cutout", { size: 2 });
    const ones = new Array(18).fill(1);
    const corner = [0, 1, 1, 1, 1, 1, 1, 1, 1];
    const middle = [0, 0, 1, 0, 0, 1, 1, 1, 1];
    expect(changed(cutout, geometry, ones, 0)).toEqual([...corner, ...corner]);
    expect(changed(cutout, geometry, ones, 0.5)).toEqual([...middle, ...middle]);
  });
});
