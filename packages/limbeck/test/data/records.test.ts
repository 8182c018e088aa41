import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { localFile } from "../../src/data/data-file.js";
import type { FilesPlan } from "../../src/data/folders/reader.js";
import { imageOf } from "../../src/data/records/image.js";
import { loadRecords } from "../../src/data/records/load.js";
import type { RecordOptions } from "../../src/data/records/options.js";
import { LimbeckError } from "../../src/support/errors.js";
import { errorOf, put, temporaryFolder } from "./helpers.js";
import { writeColors, writeImage } from "./images.js";
import { parquetFile } from "./tables.js";

const never = new AbortController().signal;
const DEFAULTS: RecordOptions = {
  image: "image",
  label: "label",
  size: [4, 4],
  fit: "cover",
  channels: 3,
  corrupt: "fail",
};

async function load(path: string, options: Partial<RecordOptions> = {}, listener = {}) {
  return (await loadRecords([localFile(path)], undefined, { ...DEFAULTS, ...options }, never, listener)).train;
}

/** The strongest color of each image, as its place. */
function strongest({ pixels, size }: { pixels: ArrayLike<number>; size: number }): number[] {
  const sum = (start: number) => Array.from({ length: 16 }, (_, i) => pixels[start + i]!).reduce((a, b) => a + b);
  return Array.from({ length: size }, (_, s) => {
    const sums = [0, 1, 2].map((c) => sum(s * 48 + c * 16));
    return sums.indexOf(Math.max(...sums));
  });
}

async function photos() {
  const folder = temporaryFolder();
  await writeColors(join(folder, "photos"), 1);
  return { folder, photo: (name: string) => new Uint8Array(readFileSync(join(folder, "photos", name, "0.png"))) };
}

describe("a table of images", () => {
  it("names files from its own folder, with classes of text or numbers", async () => {
    const { folder } = await photos();
    const csv = put(join(folder, "list.csv"), "label,image\nwarm,photos/red/0.png\ncold,photos/blue/0.png\n");
    const fromCsv = await load(csv);
    expect([strongest(fromCsv), [...fromCsv.labels], fromCsv.classes]).toEqual([
      [0, 2],
      [1, 0],
      ["cold", "warm"],
    ]);
    const lines = '{"file": "green/0.png", "kind": 10}\n{"file": "./red/../red/0.png", "kind": 9}\n';
    const jsonl = put(join(folder, "photos", "list.jsonl"), lines);
    const plans: FilesPlan[] = [];
    const fromJson = await load(
      jsonl,
      { image: "file", label: "kind" },
      { plan: (plan: FilesPlan) => plans.push(plan) },
    );
    expect([strongest(fromJson), [...fromJson.labels], fromJson.classes]).toEqual([
      [1, 0],
      [1, 0],
      ["9", "10"],
    ]);
    expect(plans).toEqual([{ noun: "image", files: 2, samples: 2, shape: [3, 4, 4], bytes: 96, ignored: 0 }]);
  });

  it("of Parquet holds their bytes, alone or in Hugging Face's records", async () => {
    const { folder, photo } = await photos();
    const bytes = ["red", "green", "blue", "red"].map(photo);
    const features = { label: { names: ["r", "g", "b"], _type: "ClassLabel" } };
    const kvMetadata = [{ key: "huggingface", value: JSON.stringify({ info: { features } }) }];
    const label = { name: "label", data: [0n, 1n, 2n, 0n], type: "INT64" as const };
    const alone = parquetFile([{ name: "image", data: bytes, type: "BYTE_ARRAY" }, label], {
      kvMetadata,
      rowGroupSize: 3,
    });
    const fromBytes = await load(put(join(folder, "alone.parquet"), alone));
    expect([strongest(fromBytes), [...fromBytes.labels], fromBytes.classes]).toEqual([
      [0, 1, 2, 0],
      [0, 1, 2, 0],
      ["r", "g", "b"],
    ]);
    expect(strongest(await load(join(folder, "alone.parquet"), { rows: 2 }))).toEqual([0, 1]);
    const nested = parquetFile(
      [
        { name: "image", data: bytes.map((one, i) => ({ bytes: one, path: `${i}.png` })) },
        { name: "label", data: label.data },
      ] as never,
      {
        kvMetadata,
        schema: [
          { name: "root", num_children: 2 },
          { name: "image", num_children: 2, repetition_type: "OPTIONAL" },
          { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
          { name: "path", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
          { name: "label", type: "INT64", repetition_type: "OPTIONAL" },
        ],
      },
    );
    expect(strongest(await load(put(join(folder, "nested.parquet"), nested)))).toEqual([0, 1, 2, 0]);
  });

  it("may be tested by another one, of the same classes", async () => {
    const { folder } = await photos();
    const rows = (...names: string[]) =>
      `image,label\n${names.map((name) => `photos/${name}/0.png,${name}`).join("\n")}\n`;
    const open = async (name: string, text: string) => [localFile(put(join(folder, name), text))];
    const learned = await open("train.csv", rows("red", "green", "blue"));
    const { test } = await loadRecords(learned, await open("test.csv", rows("red")), DEFAULTS, never);
    expect([test!.classes, [...test!.labels]]).toEqual([["blue", "green", "red"], [2]]);
    await writeImage(join(folder, "photos", "pink", "0.png"), [250, 90, 200]);
    const other = await open("other.csv", rows("pink"));
    expect((await errorOf(() => loadRecords(learned, other, DEFAULTS, never))).message).toMatch(
      /"pink" is not a class/,
    );
  });

  it("lists images that cannot be decoded, or leaves them out", async () => {
    const { folder } = await photos();
    put(join(folder, "photos", "broken.png"), "no image");
    const names = ["photos/red/0.png", "photos/broken.png", "photos/gone.png", "photos/blue/0.png"];
    const path = put(
      join(folder, "list.csv"),
      `image,label\n${names.map((name, i) => `${name},${i % 3}`).join("\n")}\n`,
    );
    const { code, message, value } = await errorOf(() => load(path));
    expect([code, message]).toEqual(["DATA_CORRUPT", expect.stringContaining("Of 4 images, 2 cannot be decoded")]);
    expect(value).toHaveLength(2);
    const kept = await load(path, { corrupt: "skip", classes: ["0", "1", "2"] });
    expect([strongest(kept), [...kept.labels]]).toEqual([
      [0, 2],
      [0, 0],
    ]);
    const bytes = parquetFile([
      { name: "image", data: [new Uint8Array([1, 2, 3])], type: "BYTE_ARRAY" },
      { name: "label", data: ["a"], type: "STRING" },
    ]);
    expect((await errorOf(() => load(put(join(folder, "b.parquet"), bytes)))).message).toMatch(
      /b\.parquet row 1: Input buffer/,
    );
  });

  it.each([
    [
      "../secret.png",
      /list\.csv:2 column "image": "\.\.\/secret\.png" leads out of .*; if that is meant, name a folder/,
    ],
    ["/etc/passwd", /"\/etc\/passwd" leads out of/],
    ["https://example.org/a.png", /is an address/],
    ['""', /nothing is no image/],
  ])("whose row says %s is refused", async (name, message) => {
    const path = put(join(temporaryFolder(), "in", "list.csv"), `image,label\n${name},a\n`);
    expect((await errorOf(() => load(path))).message).toMatch(message);
  });

  it("may name files from a folder that the recipe says", async () => {
    const { folder } = await photos();
    const path = put(join(folder, "lists", "a.csv"), "image,label\n../photos/red/0.png,a\n../photos/blue/0.png,b\n");
    expect((await errorOf(() => load(path))).code).toBe("DATA_CORRUPT");
    await expect(load(path, { root: join(folder, "lists") })).rejects.toThrow(/leads out/);
    const inside = put(join(folder, "lists", "b.csv"), "image,label\nphotos/red/0.png,a\nphotos/blue/0.png,b\n");
    expect(strongest(await load(inside, { root: folder }))).toEqual([0, 2]);
  });

  it("never leads out of its folder, whatever it says", () => {
    const part = fc.constantFrom("..", ".", "a", "", "/", "\\", "\0", "%2e%2e", "~");
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(part).map((parts) => parts.join("/")),
        ),
        (name) => {
          try {
            const path = imageOf(name, { where: "t", column: "c", root: "/data/in" });
            expect(`${path}/`.startsWith("/data/in/")).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(LimbeckError);
          }
        },
      ),
    );
  });

  it("without its columns, or with other values in them, is refused", async () => {
    const { folder } = await photos();
    const path = put(join(folder, "list.jsonl"), '{"image": 3, "label": "a"}\n');
    expect((await errorOf(() => load(path))).message).toMatch(/list\.jsonl:1 column "image": 3 is no image/);
    const { where, fix } = await errorOf(() => load(path, { label: "lable" }));
    expect([where, fix]).toEqual(["data.source.label", 'Did you mean "label"?']);
  });
});
