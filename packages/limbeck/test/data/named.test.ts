import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ImageDataset } from "../../src/data/dataset.js";
import { loadDigits } from "../../src/data/named/digits.js";
import { NAMED_DATASETS } from "../../src/data/named/index.js";
import { sha256 } from "../../src/support/hash.js";
import { errorOf, put, temporaryFolder } from "./helpers.js";

function countClasses({ labels, classes }: ImageDataset): number[] {
  const counts = classes.map(() => 0);
  for (const label of labels) counts[label]!++;
  return counts;
}

describe("named data sets", () => {
  it("stand under their own name, with known hashes for every file", () => {
    for (const [key, { name, files }] of Object.entries(NAMED_DATASETS)) {
      expect(name).toBe(key);
      for (const file of files) {
        expect(file.url.endsWith(`/${file.name}`)).toBe(true);
        expect(Object.keys(file.sha256)).toEqual(Object.keys(files[0]!.sha256));
        for (const hash of Object.values(file.sha256).flat()) expect(hash).toMatch(/^[0-9a-f]{64}$/);
      }
    }
  });
});

describe("digits", () => {
  it("are ten thousand", async () => {
    const { train, test } = await NAMED_DATASETS.digits.load();
    expect(test).toBeUndefined();
    expect(train).toMatchObject({ size: 10_000, channels: 1, height: 28, width: 28 });
    expect(train.pixels).toHaveLength(10_000 * 784);
    expect(countClasses(train)).toEqual([1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978]);
    expect(sha256(train.pixels)).toMatchInlineSnapshot(
      `"0768d16c5adea568dee18fa5e4e1acb117e9ec2c5d6b1dffe5fc29c1e61c1eca"`,
    );
  });

  it.each([
    ["not JSON", "{", "is not JSON"],
    ["null", "null", "does not hold images of 784 values"],
    ["cut short", JSON.stringify({ data: new Array(783).fill(0) }), "does not hold images of 784 values"],
    ["a value too large", JSON.stringify({ data: new Array(784).fill(2) }), "holds 2, which is not between 0 and 1"],
    ["a string", JSON.stringify({ data: new Array(784).fill("0") }), 'holds "0"'],
  ])("refuse a damaged file: %s", async (_, text, message) => {
    const folder = temporaryFolder();
    const path = put(join(folder, "0.json"), text);
    const error = await errorOf(() => loadDigits(folder));
    expect(error).toMatchObject({ code: "DATA_CORRUPT", where: path });
    expect(error.message).toContain(message);
  });

  it("name a file that is missing", async () => {
    expect((await errorOf(() => loadDigits(temporaryFolder()))).code).toBe("FILE_MISSING");
  });
});

const MIRROR = process.env.LIMBECK_DATA_DIR;
const DEBIAN = "/usr/share/datasets";
const OFFLINE = { LIMBECK_OFFLINE: "1" };

describe("mnist", () => {
  it("loads from the mirror", async (test) => {
    test.skip(!MIRROR, "LIMBECK_DATA_DIR is not set");
    const { train, test: held } = await NAMED_DATASETS.mnist.load({ env: { ...process.env, ...OFFLINE } });
    expect(train).toMatchObject({ name: "mnist", size: 60_000, height: 28, width: 28 });
    expect(countClasses(train)).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    expect(countClasses(held!)).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
  });

  it("has all ten thousand digits in its training set, none in its test set", async (test) => {
    test.skip(!MIRROR, "LIMBECK_DATA_DIR is not set");
    const { train, test: held } = await NAMED_DATASETS.mnist.load({ env: { ...process.env, ...OFFLINE } });
    const digits = (await NAMED_DATASETS.digits.load()).train;
    const known = new Set(images(train));
    const forbidden = new Set(images(held!));
    expect(images(digits).every((image) => known.has(image) && !forbidden.has(image))).toBe(true);
  });
});

describe("fashion-mnist", () => {
  it("loads from Debian's package", async (test) => {
    test.skip(!existsSync(join(DEBIAN, "fashion-mnist")), "Debian's dataset-fashion-mnist is not installed");
    const context = { env: { ...OFFLINE, LIMBECK_CACHE_DIR: temporaryFolder() }, systemFolders: [DEBIAN] };
    const { train, test: held, edition } = await NAMED_DATASETS["fashion-mnist"].load(context);
    expect(edition).toBe("official");
    expect(countClasses(train)).toEqual(new Array(10).fill(6000));
    expect(countClasses(held!)).toEqual(new Array(10).fill(1000));
    expect([...train.labels.subarray(0, 5)].map((label) => train.classes[label])).toEqual([
      "Ankle boot",
      "T-shirt/top",
      "T-shirt/top",
      "Dress",
      "T-shirt/top",
    ]);
  });
});

function images({ pixels, size }: ImageDataset): string[] {
  return Array.from({ length: size }, (_, i) =>
    Buffer.from(pixels.subarray(i * 784, (i + 1) * 784)).toString("latin1"),
  );
}
