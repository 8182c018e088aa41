import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAugmenter, prepareAugmentation } from "../../src/data/augment/index.js";
import { createBatchTarget, epochOrder, fillBatch } from "../../src/data/batches.js";
import { type ImageDataset, wholeSplit } from "../../src/data/dataset.js";
import { loadClassFolders } from "../../src/data/folders/load.js";
import { imageFiles } from "../../src/data/images/medium.js";
import { loadImageArrays, loadRowArrays } from "../../src/data/numpy/load.js";
import { DecodedWriter, openDecoded } from "../../src/data/samples/cache-file.js";
import { memoryOption } from "../../src/data/samples/options.js";
import { areBytes, hashSamples, sampleAt } from "../../src/data/samples/samples.js";
import { StoredSamples } from "../../src/data/samples/stored.js";
import { temporaryFolder } from "../runs/harness.js";
import { writeColors } from "./images.js";
import { npyOf } from "./numpy.js";

const never = new AbortController().signal;
const folder = temporaryFolder();

function put(name: string, shape: readonly number[], data: Uint8Array | Float64Array): string {
  writeFileSync(join(folder, name), npyOf(shape, data));
  return join(folder, name);
}

const all = (dataset: ImageDataset) => Array.from({ length: dataset.size }, (_, i) => Array.from(sampleAt(dataset, i)));
const hashOf = (dataset: ImageDataset) => hashSamples(createHash("sha256"), dataset).digest("hex");

/** The same data from memory and from disk are the same to whoever reads, hashes or makes batches of them. */
function expectSame(stored: ImageDataset, known: ImageDataset): void {
  expect(stored.pixels).toBeInstanceOf(StoredSamples);
  expect(known.pixels).not.toBeInstanceOf(StoredSamples);
  expect(areBytes(stored.pixels)).toBe(areBytes(known.pixels));
  expect(all(stored)).toEqual(all(known));
  expect(hashOf(stored)).toBe(hashOf(known));
  const batchOf = (dataset: ImageDataset) => {
    const target = createBatchTarget(dataset, 5);
    fillBatch(wholeSplit(dataset), epochOrder(dataset.size, 3, 1), 0, 5, target);
    return target;
  };
  expect(batchOf(stored)).toEqual(batchOf(known));
}

describe("arrays of NumPy on disk", () => {
  const labels = put("labels.npy", [6], Float64Array.of(0, 1, 2, 0, 1, 2));
  const images = (name: string, shape: number[], layout?: "nhwc" | "nchw") => {
    const bytes = Uint8Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => (i * 37) % 256);
    return { images: put(name, shape, bytes), labels, layout };
  };

  it.each([
    ["gray", [6, 5, 4], undefined],
    ["channels first", [6, 3, 5, 4], "nchw"],
    ["channels last", [6, 5, 4, 3], "nhwc"],
  ] as const)("are those of memory: %s", (name, shape, layout) => {
    const source = images(`${name}.npy`, [...shape], layout);
    expectSame(loadImageArrays({ ...source, memory: 1 }), loadImageArrays(source));
  });

  it("are those of memory: rows of doubles", () => {
    const rows = put(
      "rows.npy",
      [6, 3],
      Float64Array.from({ length: 18 }, (_, i) => i / 7 - 1),
    );
    expectSame(loadRowArrays({ rows, labels, memory: 1 }), loadRowArrays({ rows, labels }));
  });

  it("are changed as those of memory are", () => {
    const source = images("changed.npy", [6, 8, 8, 3], "nhwc");
    const changes = [
      prepareAugmentation("crop", { padding: 2 }),
      prepareAugmentation("flip", {}),
      prepareAugmentation("rand-augment", {}),
    ];
    const batchOf = (dataset: ImageDataset) => {
      const target = createBatchTarget(dataset, 6);
      fillBatch(wholeSplit(dataset), epochOrder(6, 1, 0), 0, 6, target, createAugmenter(changes, dataset, 4, 2));
      return target.images;
    };
    expect(batchOf(loadImageArrays({ ...source, memory: 1 }))).toEqual(batchOf(loadImageArrays(source)));
  });

  it("are refused as those of memory are", () => {
    const rows = put("strange.npy", [6, 1], Float64Array.of(1, 2, 3, 4, 1e300, 5));
    expect(() => loadRowArrays({ rows, labels, memory: 1 })).toThrow("in row 4, column 1");
    const short = images("short.npy", [6, 5, 4]);
    truncateSync(short.images, 200);
    expect(() => loadImageArrays({ ...short, memory: 1 })).toThrow("is cut short");
  });

  it("say so when their file shrinks", () => {
    const source = images("shrinking.npy", [6, 5, 4]);
    const dataset = loadImageArrays({ ...source, memory: 1 });
    truncateSync(source.images, 200);
    expect(() => sampleAt(dataset, 5)).toThrow("is cut short");
  });
});

describe("decoded images", () => {
  const options = { size: [6, 5] as [number, number], fit: "cover", channels: 3, corrupt: "skip" } as const;
  const load = async (root: string, places: object) => {
    const decoded: number[] = [];
    const listener = { decoded: (count: number) => decoded.push(count) };
    const { train } = await loadClassFolders({ folder: root }, imageFiles(options), {
      ...options,
      signal: never,
      listener,
      places,
    });
    return { train, decoded };
  };

  async function photos(count = 4): Promise<string> {
    const root = temporaryFolder();
    await writeColors(root, count);
    writeFileSync(join(root, "blue", "broken.png"), "no image");
    return root;
  }

  it.each([1, undefined])("are kept and read again, where %s bytes of memory are allowed", async (memory) => {
    const [root, cache] = [await photos(), temporaryFolder()];
    const { train: fresh } = await load(root, {});
    const first = await load(root, { cache, memory });
    const [name] = readdirSync(cache);
    utimesSync(join(cache, name!), 1, 1);
    const second = await load(root, { cache, memory });
    expect(statSync(join(cache, name!)).mtimeMs).toBeGreaterThan(Date.now() - 3_600_000);
    expect(first.decoded).toHaveLength(13);
    expect(second.decoded).toEqual([13]);
    if (memory) for (const { train } of [first, second]) expectSame(train, fresh);
    else expect(all(second.train)).toEqual(all(fresh));
    expect(second.train.labels).toEqual(fresh.labels);
  });

  it("are decoded anew once a file has changed", async () => {
    const [root, cache] = [await photos(), temporaryFolder()];
    await load(root, { cache });
    utimesSync(join(root, "red", "1.png"), 1, 1);
    expect((await load(root, { cache })).decoded).toHaveLength(13);
  });

  it("are decoded anew once one that was damaged is sound", async () => {
    const [root, cache] = [await photos(), temporaryFolder()];
    const broken = join(root, "blue", "broken.png");
    const { train } = await load(root, { cache });
    const size = readFileSync(broken).length;
    expect([train.size, size]).toEqual([12, 8]);
    writeFileSync(broken, readFileSync(join(root, "blue", "0.png")));
    expect((await load(root, { cache })).train.size).toBe(13);
  });

  it.each([1, undefined])("are decoded anew where what was kept is damaged (%s bytes of memory)", async (memory) => {
    const [root, cache] = [await photos(), temporaryFolder()];
    const { train: whole } = await load(root, { cache, memory });
    const expected = all(whole);
    const [name] = readdirSync(cache);
    const kept = readFileSync(join(cache, name!));
    for (const length of [0, 7, kept.length >> 1, kept.length - 1]) {
      writeFileSync(join(cache, name!), kept.subarray(0, length));
      const { train, decoded } = await load(root, { cache, memory });
      expect(decoded).toHaveLength(13);
      expect(all(train)).toEqual(expected);
    }
    if (memory) return;
    writeFileSync(join(cache, name!), kept.fill(1, 3, 4));
    expect(all((await load(root, { cache })).train)).toEqual(expected);
  });

  it("need no place to be kept in where they fit into memory", async () => {
    const root = await photos(1);
    const blocked = join(temporaryFolder(), "file");
    writeFileSync(blocked, "");
    expect((await load(root, { cache: join(blocked, "decoded") })).train.size).toBe(3);
    await expect(load(root, { cache: join(blocked, "decoded"), memory: 1 })).rejects.toMatchObject({
      code: "FILE_MISSING",
    });
  });

  it("leave nothing behind where they do not fit on the disk, or decoding is stopped", async () => {
    const place = temporaryFolder();
    const path = join(place, "a.samples");
    expect(() => new DecodedWriter(path, 1e9, 1e9)).toThrow("decoded samples do not fit");
    const root = await photos();
    const stopped = new AbortController();
    const listener = { decoded: () => stopped.abort(new Error("stopped")) };
    const places = { cache: place, memory: 1 };
    const reading = { ...options, signal: stopped.signal, listener, places };
    await expect(loadClassFolders({ folder: root }, imageFiles(options), reading)).rejects.toThrow("stopped");
    expect(readdirSync(place)).toEqual([]);
  });

  it("that were left by a process that is gone are swept", async () => {
    const place = temporaryFolder();
    const [old, unused, recent] = ["a.samples.1.tmp", "b.samples", "c.samples.2.tmp"].map((name) => join(place, name));
    for (const path of [old!, unused!, recent!]) writeFileSync(path, "x");
    const hours = (count: number) => Date.now() / 1000 - 3600 * count;
    utimesSync(old!, hours(2), hours(2));
    utimesSync(unused!, hours(24 * 31), hours(24 * 31));
    new DecodedWriter(join(place, "d.samples"), 1, 1).abandon();
    expect(readdirSync(place)).toEqual(["c.samples.2.tmp"]);
  });

  it("come in any order, and with gaps", () => {
    const place = temporaryFolder();
    const sample = fc.uint8Array({ minLength: 3, maxLength: 3 });
    const cases = fc.array(fc.record({ sample, kept: fc.boolean(), turn: fc.nat() }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(cases, (given) => {
        const path = join(place, "a.samples");
        const kept = given.flatMap((one, i) => (one.kept ? [i] : []));
        fc.pre(kept.length > 0);
        const writer = new DecodedWriter(path, given.length, 3);
        for (const i of kept.toSorted((a, b) => given[a]!.turn - given[b]!.turn)) writer.put(i, given[i]!.sample);
        writer.finish(kept, [[7, "why"]]);
        const expected = kept.flatMap((i) => [...given[i]!.sample]);
        for (const memory of [0, 1000]) {
          const { samples, problems } = openDecoded(path, 3, memory)!;
          const values = samples instanceof StoredSamples ? [...samples.parts()].flatMap((part) => [...part]) : samples;
          expect([...values]).toEqual(expected);
          expect(problems).toEqual([[7, "why"]]);
        }
        expect(openDecoded(path, 2, 0)).toBeUndefined();
        rmSync(path);
      }),
      { numRuns: 50 },
    );
  });
});

describe("data.memory", () => {
  it("is a number of bytes, or as people write it", () => {
    for (const [text, count] of [
      ["500MB", 5e8],
      ["1.5 GB", 1.5e9],
      [1000, 1000],
      ["2KB", 2000],
    ] as const) {
      expect(memoryOption.parse(text)).toBe(count);
    }
    for (const wrong of ["3GB", "500", "5 TB", 0, -1, 2.5]) expect(memoryOption.safeParse(wrong).success).toBe(false);
  });
});
