import { randomStream } from "@limbeck/graph";
import { describe, expect, it } from "vitest";
import { CORRUPTIONS } from "../../src/data/corruptions/index.js";

const geometry = { channels: 2, height: 32, width: 24 };
const area = 32 * 24;
const flat = new Uint8Array(2 * area).fill(100);

async function corrupted(name: string, severity: number, image: Uint8Array, seed = 1) {
  const { severities } = CORRUPTIONS.find((one) => one.name === name)!;
  return severities[severity]!.apply(image, geometry, randomStream(seed, name, severity));
}

const deviation = (values: Uint8Array, center: number) =>
  Math.sqrt(values.reduce((sum, value) => sum + (value - center) ** 2, 0) / values.length);

describe("corruptions", () => {
  it.each(CORRUPTIONS.flatMap(({ name, severities }) => severities.map((_, i) => [name, i] as const)))(
    "%s of severity %i depends on the random stream alone and leaves the image alone",
    async (name, severity) => {
      const image = Uint8Array.from({ length: 2 * area }, (_, i) => (i * 37) % 256);
      const before = image.slice();
      const [once, again] = [await corrupted(name, severity, image), await corrupted(name, severity, image)];
      expect(once).toEqual(again);
      expect([image, once.length, once === image]).toEqual([before, image.length, false]);
    },
  );

  it.each([0.04, 0.08, 0.16].map((std, i) => [i, std] as const))("noise %i has deviation %f", async (severity, std) => {
    const noisy = await corrupted("noise", severity, flat);
    expect(deviation(noisy, 100) / (255 * std)).toBeCloseTo(1, 1);
  });

  it.each([64, 32, 16].map((part, i) => [i, part] as const))("blur %i is as wide as said", async (severity, part) => {
    const image = new Uint8Array(2 * area);
    // A vertical line of each channel: its profile is the Gaussian itself.
    for (let y = 0; y < 32; y++) for (const c of [0, 1]) image[c * area + y * 24 + 12] = 255;
    const blurred = await corrupted("blur", severity, image);
    for (const c of [0, 1]) {
      const row = Array.from(blurred.subarray(c * area + 16 * 24, c * area + 17 * 24));
      const total = row.reduce((a, b) => a + b, 0);
      const variance = row.reduce((sum, value, x) => sum + value * (x - 12) ** 2, 0) / total;
      expect(Math.abs(total - 255)).toBeLessThan(10);
      // Widths below a pixel are those of a sampled Gaussian.
      const sigma = Math.max(0.3, 24 / part);
      expect(Math.abs(Math.sqrt(variance) - sigma)).toBeLessThan(0.35 * Math.max(sigma, 0.5));
    }
  });

  it("a shift goes one of eight ways by the share of each side", async () => {
    const image = new Uint8Array(2 * area);
    image[16 * 24 + 12] = 255;
    const seen = new Set<string>();
    for (let seed = 0; seed < 100; seed++) {
      const at = (await corrupted("shift", 1, image, seed)).indexOf(255);
      seen.add(`${(at % 24) - 12},${Math.floor(at / 24) - 16}`);
    }
    const steps = [-1, 0, 1].flatMap((x) => [-1, 0, 1].map((y) => `${3 * x},${4 * y}`)).filter((one) => one !== "0,0");
    expect([...seen].sort()).toEqual(steps.sort());
  });

  it("brightness and contrast go both ways", async () => {
    const seen = new Set<number>();
    for (let seed = 0; seed < 20; seed++) seen.add((await corrupted("brightness", 1, flat, seed))[0]!);
    expect([...seen].sort((a, b) => a - b)).toEqual([60, 167]);
    const halves = Uint8Array.from({ length: 2 * area }, (_, i) => (i % 2 === 0 ? 90 : 110));
    const ranges = new Set<number>();
    for (let seed = 0; seed < 20; seed++) {
      const [low, high] = (await corrupted("contrast", 0, halves, seed)).subarray(0, 2);
      ranges.add(Math.round(high! - low!));
    }
    expect([...ranges].sort((a, b) => a - b)).toEqual([16, 25]);
  });
});
