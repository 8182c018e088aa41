import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IDX_LIMIT, loadIdxPair, parseIdx } from "../../src/data/idx.js";
import { LimbeckError } from "../../src/support/errors.js";
import { errorOf, idx, put, temporaryFolder } from "./helpers.js";

const PLAIN = idx([2, 1, 3], [1, 2, 3, 4, 5, 255]);
const GZIP = gzipSync(PLAIN);

describe("parseIdx", () => {
  it.each([
    ["plain", PLAIN],
    ["gzip", GZIP],
  ])("reads a %s file", (_, bytes) => {
    const { shape, data } = parseIdx(bytes, "a.idx");
    expect(shape).toEqual([2, 1, 3]);
    expect([...data]).toEqual([1, 2, 3, 4, 5, 255]);
  });

  it("reads a file that lies at an odd place in a larger buffer", () => {
    const padded = Buffer.concat([Buffer.alloc(3), PLAIN]);
    expect(parseIdx(padded.subarray(3), "a.idx").shape).toEqual([2, 1, 3]);
  });

  it("gives back what was written, whatever the shape", () => {
    const shapes = fc.array(fc.nat(5), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(shapes, fc.boolean(), (shape, compress) => {
        const length = shape.reduce((product, extent) => product * extent, 1);
        const file = idx(shape, new Uint8Array(length).fill(7));
        const parsed = parseIdx(compress ? gzipSync(file) : file, "a.idx");
        expect(parsed.shape).toEqual(shape);
        expect(parsed.data).toHaveLength(length);
      }),
    );
  });

  it.each([
    ["empty", Buffer.alloc(0), "is cut short: it ends before its magic number"],
    ["not idx", Buffer.from("<html>404</html>"), "is not an idx file: it begins with 0x3c68746d"],
    ["unknown type", idx([1], [1], 7), "is not an idx file: it begins with 0x00000701"],
    ["floats", idx([1], [0, 0, 0, 0], 13), "holds 32-bit float values (type 13); only unsigned byte (type 8)"],
    ["rank 0", idx([], []), "has rank 0"],
    ["a header cut short", PLAIN.subarray(0, 10), "is cut short: it ends within its 3 dimensions"],
    ["data cut short", PLAIN.subarray(0, -1), "is cut short: its header announces 2 × 1 × 3 values, 22 bytes"],
    ["too long", Buffer.concat([PLAIN, Buffer.alloc(1)]), "is too long: its header announces 2 × 1 × 3 values"],
    ["too large", idx([65536, 65536], []), `announces 65536 × 65536 values, more than the limit of ${IDX_LIMIT}`],
    ["damaged gzip", flip(GZIP, 14), "is damaged: "],
    ["wrong checksum", flip(GZIP, GZIP.length - 8), "is damaged: incorrect data check"],
    ["gzip cut short", GZIP.subarray(0, -9), "is damaged: unexpected end of file"],
    ["gzip of a file cut short", gzipSync(PLAIN.subarray(0, -1)), "is cut short: its header announces"],
    ["gzip of a file too long", gzipSync(Buffer.concat([PLAIN, Buffer.alloc(9)])), "is too long: it expands to more"],
  ])("refuses a file: %s", async (_, bytes, message) => {
    const error = await errorOf(() => parseIdx(bytes, "/data/a.idx"));
    expect(error).toMatchObject({ code: "DATA_CORRUPT", where: "/data/a.idx" });
    expect(error.message.startsWith(`/data/a.idx ${message}`)).toBe(true);
    expect(error.fix).toContain("get it again");
  });

  it("stops a gzip bomb at what the header announces", async () => {
    const bomb = gzipSync(Buffer.concat([PLAIN, Buffer.alloc(96 << 20)]), { level: 1 });
    const before = process.memoryUsage().arrayBuffers;
    const error = await errorOf(() => parseIdx(bomb, "a.gz"));
    expect(error.code).toBe("DATA_CORRUPT");
    expect(error.message).toContain("expands to more than its header announces");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 << 20);
  });

  it("ends in a typed error or a consistent result, whatever the bytes", () => {
    const anything = fc.oneof(fc.uint8Array({ maxLength: 64 }), flips(PLAIN), flips(GZIP));
    fc.assert(
      fc.property(anything, (bytes) => {
        try {
          const { shape, data } = parseIdx(bytes, "a.idx");
          expect(data).toHaveLength(shape.reduce((product, extent) => product * extent, 1));
        } catch (error) {
          expect(error).toBeInstanceOf(LimbeckError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("loadIdxPair", () => {
  const IMAGES = idx([2, 1, 3], [1, 2, 3, 4, 5, 6]);
  const LABELS = idx([2], [0, 2]);

  function pair(images: Uint8Array, labels: Uint8Array): [string, string] {
    const folder = temporaryFolder();
    return [put(join(folder, "images.gz"), images), put(join(folder, "labels.gz"), labels)];
  }

  it("reads images with their labels", () => {
    const loaded = loadIdxPair(...pair(gzipSync(IMAGES), LABELS), { name: "two", classes: ["a", "b", "c"] });
    expect(loaded).toMatchObject({ name: "two", size: 2, channels: 1, height: 1, width: 3, classes: ["a", "b", "c"] });
    expect([...loaded.pixels]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...loaded.labels]).toEqual([0, 2]);
  });

  it("numbers the classes that are not named", () => {
    expect(loadIdxPair(...pair(IMAGES, LABELS), { name: "two" }).classes).toEqual(["0", "1", "2"]);
  });

  it.each([
    ["counts differ", IMAGES, idx([3], [0, 1, 2]), "3 labels for the 2 images of"],
    ["label without class", IMAGES, idx([2], [1, 3]), "gives sample 1 the label 3, but there are only 3 classes"],
    ["images of rank 2", idx([2, 3], [1, 2, 3, 4, 5, 6]), LABELS, "does not hold images [N, height, width]"],
    ["labels of rank 2", IMAGES, idx([2, 1], [0, 1]), "does not hold labels [N]: its shape is [2, 1]"],
    ["swapped", LABELS, IMAGES, "does not hold images"],
    ["no images", idx([0, 1, 3], []), idx([0], []), "holds no images"],
  ])("refuses a pair: %s", async (_, images, labels, message) => {
    const error = await errorOf(() => loadIdxPair(...pair(images, labels), { name: "two", classes: ["a", "b", "c"] }));
    expect(error.code).toBe("DATA_CORRUPT");
    expect(error.message).toContain(message);
  });

  it("names a file that is missing", async () => {
    const [images] = pair(IMAGES, LABELS);
    const error = await errorOf(() => loadIdxPair(images, "/nowhere/labels", { name: "two" }));
    expect(error).toMatchObject({ code: "FILE_MISSING", where: "/nowhere/labels" });
  });
});

function flip(bytes: Uint8Array, position: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[position]! ^= 0xff;
  return copy;
}

function flips(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  return fc.nat(bytes.length - 1).map((position) => flip(bytes, position));
}
