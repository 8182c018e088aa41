import { randomStream } from "@limbeck/graph";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import type { ImageDataset, Split } from "../../src/data/dataset.js";
import { wholeSplit } from "../../src/data/dataset.js";
import { searchHashes } from "../../src/data/near-duplicates/hash-search.js";
import { lumaGrid } from "../../src/data/near-duplicates/luma.js";
import { findNearDuplicates } from "../../src/data/near-duplicates/near-duplicates.js";

const SIDE = 48;
const AREA = SIDE * SIDE;
const random = randomStream(3);
const { signal } = new AbortController();

function splitOf(images: readonly Uint8Array[], channels = 3): Split {
  const pixels = new Uint8Array(images.length * channels * AREA);
  for (const [i, image] of images.entries()) pixels.set(image, i * channels * AREA);
  const shape = { channels, height: SIDE, width: SIDE };
  const dataset: ImageDataset = {
    name: "scenes",
    size: images.length,
    ...shape,
    classes: ["a"],
    pixels,
    labels: new Uint8Array(images.length),
  };
  return wholeSplit(dataset);
}

/** Some smooth colored blobs on a ground. */
function scene(): Uint8Array {
  const image = new Float64Array(3 * AREA).fill(120);
  for (let blob = 0; blob < 14; blob++) {
    const [x, y, size] = [random.uniform() * SIDE, random.uniform() * SIDE, 3 + 6 * random.uniform()];
    const color = [0, 1, 2].map(() => 160 * (random.uniform() - 0.5));
    for (let i = 0; i < 3 * AREA; i++) {
      const [dx, dy] = [(i % SIDE) - x, Math.floor((i % AREA) / SIDE) - y];
      image[i]! += color[Math.floor(i / AREA)]! * Math.exp(-(dx * dx + dy * dy) / (2 * size * size));
    }
  }
  return Uint8Array.from(image, (value) => Math.max(0, Math.min(255, value)));
}

/** What becomes of an image on its way through another program. */
async function processed(image: Uint8Array, change: (image: sharp.Sharp) => sharp.Sharp): Promise<Uint8Array> {
  const interleaved = Uint8Array.from({ length: 3 * AREA }, (_, i) => image[(i % 3) * AREA + Math.floor(i / 3)]!);
  const raw = { width: SIDE, height: SIDE, channels: 3 as const };
  const file = await change(sharp(interleaved, { raw })).toBuffer();
  const back = await sharp(file).resize(SIDE, SIDE, { fit: "fill" }).raw().toBuffer();
  return Uint8Array.from({ length: 3 * AREA }, (_, i) => back[3 * (i % AREA) + Math.floor(i / AREA)]!);
}

const CHANGES: readonly ((image: sharp.Sharp) => sharp.Sharp)[] = [
  (image) => image.jpeg({ quality: 50 }),
  (image) => image.resize(36, 36).png(),
  (image) => image.modulate({ brightness: 1.15 }).png(),
  (image) => image.linear(0.7, 30).png(),
  (image) => image.blur(0.8).png(),
  (image) => image.png(),
];

describe("near duplicates", () => {
  const scenes = Array.from({ length: 60 }, scene);

  it("are found after what image programs do to pictures, and nothing else is", async () => {
    const changed = await Promise.all(scenes.slice(0, 30).map((image, i) => processed(image, CHANGES[i % 6]!)));
    const strangers = Array.from({ length: 30 }, scene);
    const { pairs, flat } = await findNearDuplicates(splitOf(scenes), splitOf([...changed, ...strangers]), signal);
    expect(flat).toBe(0);
    expect(pairs.every(({ test, train }) => test === train)).toBe(true);
    // Where an image grows brighter, what is cut off at white is lost.
    expect(pairs.length).toBeGreaterThan(27);
    expect(pairs.map(({ likeness }) => likeness)).toEqual(pairs.map(({ likeness }) => likeness).sort((a, b) => b - a));
    expect(pairs[0]!.likeness).toBeCloseTo(1, 5);
  });

  it("are not said of images of one color, which all look alike", async () => {
    const plain = [40, 200].map((value) => new Uint8Array(3 * AREA).fill(value));
    const noisy = Uint8Array.from({ length: 3 * AREA }, () => 100 + random.below(4));
    const { pairs, flat } = await findNearDuplicates(splitOf(plain), splitOf([...plain, noisy]), signal);
    expect([pairs, flat]).toEqual([[], 3]);
  });

  it("stop when asked to", async () => {
    const split = splitOf(scenes.slice(0, 1));
    await expect(findNearDuplicates(split, split, AbortSignal.abort(new Error("stopped")))).rejects.toThrow("stopped");
  });

  it("are looked for among all hashes", () => {
    const hashes = Int32Array.from({ length: 400 }, () => random.below(2 ** 16) | (random.below(2 ** 16) << 16));
    const bits = (word: number) => (word >>> 0).toString(2).replaceAll("0", "").length;
    const near = (low: number, high: number) =>
      Array.from({ length: 200 }, (_, i) => i).filter(
        (i) => bits(hashes[2 * i]! ^ low) + bits(hashes[2 * i + 1]! ^ high) <= 28,
      );
    const [low, high] = [hashes[10]! ^ 0b101, hashes[11]! ^ (1 << 31)];
    const found: number[] = [];
    searchHashes(hashes, [low, high], 28, (position) => found.push(position));
    expect(found).toEqual(near(low, high));
    expect(found).toContain(5);
  });
});

describe("luma over a grid", () => {
  it("is the mean of each cell, whatever the size", () => {
    const row = lumaGrid({ channels: 1, height: 1, width: 3 }, 1, 2)(Uint8Array.of(30, 60, 90), 0);
    expect([...row].map((value) => Math.round(value * 1000) / 1000)).toEqual([40, 80]);
    const [value] = lumaGrid({ channels: 3, height: 1, width: 1 }, 2, 2)(Uint8Array.of(255, 0, 0), 0);
    expect(value).toBeCloseTo(76.245, 3);
  });
});
