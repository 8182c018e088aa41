import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { randomStream } from "@limbeck/graph";
import sharp from "sharp";

/** Writes an image of one color, with a little noise, as the extension says. */
export async function writeImage(
  path: string,
  color: readonly [number, number, number],
  { width = 12, height = 12, seed = 1 } = {},
): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const random = randomStream(seed);
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) =>
    Math.max(0, Math.min(255, color[i % 3]! + random.below(41) - 20)),
  );
  await sharp(pixels, { raw: { width, height, channels: 3 } }).toFile(path);
}

const COLORS = { blue: [40, 60, 200], green: [60, 180, 40], red: [200, 50, 60] } as const;

/** Writes `count` photos for each of three classes, named by their colors. */
export async function writeColors(folder: string, count: number, seed = 0): Promise<void> {
  for (const [name, color] of Object.entries(COLORS)) {
    for (let i = 0; i < count; i++) {
      await writeImage(join(folder, name, `${i}.png`), color, { seed: seed + i + 1 });
    }
  }
}
