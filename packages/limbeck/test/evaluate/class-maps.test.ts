import { describe, expect, it } from "vitest";
import { wholeSplit } from "../../src/data/dataset.js";
import { classMaps, hasClassMaps, meanMapCosine } from "../../src/evaluate/class-maps.js";
import { buildModel } from "../../src/models/index.js";
import { initialize } from "../../src/models/model.js";
import { LimbeckError } from "../../src/support/errors.js";

const dataset = {
  name: "waves",
  size: 70,
  channels: 1,
  height: 8,
  width: 8,
  classes: ["a", "b", "c"],
  pixels: Uint8Array.from({ length: 70 * 64 }, (_, i) => 128 + 127 * Math.sin(i * i)),
  labels: new Uint8Array(70),
};
const split = wholeSplit(dataset);
const tops = Uint8Array.from({ length: 70 }, (_, i) => i % 3);
const resnet = buildModel({ family: "resnet", depth: 8, width: 0.5 }, dataset, 3);
const values = initialize(resnet, 4);

const map = (height: number, width: number, ...numbers: number[]) => ({
  height,
  width,
  values: Float32Array.from(numbers),
});

describe("class activation maps of a network", () => {
  it("are there for every sample, and nowhere negative", async () => {
    const maps = (await classMaps(resnet, values, split, tops, 1))!;
    expect([maps.height, maps.width, maps.values.length]).toEqual([2, 2, 280]);
    expect(Math.min(...maps.values)).toBe(0);
    expect(new Set(maps.values).size).toBeGreaterThan(50);
    const self = meanMapCosine(maps, maps);
    expect(self).toBeGreaterThan(0.3);
    expect(meanMapCosine(maps, (await classMaps(resnet, initialize(resnet, 5), split, tops, 1))!)).toBeLessThan(self);
  });

  it("are the same from a file that takes single images", async () => {
    const single = {
      ...resnet,
      forward: (...[images, weights, training]: Parameters<typeof resnet.forward>) => {
        if (images.shape[0] !== 1) throw new LimbeckError("TEACHER_MISMATCH", "one image at a time");
        return resnet.forward(images, weights, training);
      },
    };
    const [one, many] = [single, resnet].map((model) => classMaps(model, values, split, tops, 1));
    const [a, b] = [(await one)!.values, (await many)!.values];
    for (const [i, value] of a.entries()) expect(value).toBeCloseTo(b[i]!, 4);
  });

  it("need pooling and a linear layer at the end", async () => {
    const mlp = buildModel({ family: "mlp", hidden: [4] }, dataset, 3);
    expect([hasClassMaps(mlp, dataset), hasClassMaps(resnet, dataset)]).toEqual([false, true]);
    expect(await classMaps(mlp, initialize(mlp, 1), split, tops, 1)).toBeUndefined();
  });
});

describe("the cosine of maps", () => {
  it("does not see their scale", () => {
    expect(meanMapCosine(map(1, 2, 1, 2, 3, 4), map(1, 2, 10, 20, 0.3, 0.4))).toBeCloseTo(1, 6);
  });

  it("counts a map with nothing positive as 0", () => {
    expect(meanMapCosine(map(1, 2, 0, 0, 1, 1), map(1, 2, 1, 1, 1, 1))).toBeCloseTo(0.5, 6);
  });

  it("resizes the smaller one bilinearly, as torch.nn.functional.interpolate does", () => {
    const corner = Array.from({ length: 16 }, (_, i) => (i === 0 ? 1 : 0));
    // [1, 0.75, 0.25, 0] along each side: its length squared is 1.625.
    expect(meanMapCosine(map(2, 2, 1, 0, 0, 0), map(4, 4, ...corner))).toBeCloseTo(1 / 1.625, 6);
    expect(meanMapCosine(map(4, 4, ...corner), map(2, 2, 1, 0, 0, 0))).toBeCloseTo(1 / 1.625, 6);
  });
});
