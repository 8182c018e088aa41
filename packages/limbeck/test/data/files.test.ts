import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findFiles } from "../../src/data/files/find.js";
import { loadFiles } from "../../src/data/files/load.js";
import { PADDING } from "../../src/data/texts/encode.js";
import { temporaryFolder } from "../runs/harness.js";

const ALL = { most: 1000, perKind: 1000 };
const OPTIONS = { ...ALL, files: [], first: 4, last: 3, trim: true };
const never = new AbortController().signal;

/** A folder with files of these contents. */
function folderOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

const codes = (text: string, length: number, atEnd = false) => {
  const padding = new Array<number>(length - text.length).fill(PADDING);
  const bytes = [...Buffer.from(text)];
  return atEnd ? [...padding, ...bytes] : [...bytes, ...padding];
};

/** What the only two files of a folder are read as: the given one, and one beside it. */
async function read(content: string | Uint8Array, options: Partial<typeof OPTIONS> = {}): Promise<number[]> {
  const folder = temporaryFolder();
  const path = join(folder, "a");
  writeFileSync(path, content);
  writeFileSync(join(folder, "b"), "\u0001".repeat(15));
  const { pixels, width, size } = await loadFiles([folder], { ...OPTIONS, ...options }, never);
  expect(size).toBe(2);
  const samples = [pixels.subarray(0, width), pixels.subarray(width)].map((sample) => [...sample]);
  return samples.find((sample) => sample[0] !== 1)!;
}

describe("the bytes of a file", () => {
  it("are the first and the last", async () => {
    expect(await read("abcdefghij")).toEqual([...codes("abcd", 4), ...codes("hij", 3)]);
  });

  it("are padded at the end of the first and before the last", async () => {
    expect(await read("ab")).toEqual([...codes("ab", 4), ...codes("ab", 3, true)]);
  });

  it("leave white space around them out, if that is asked for", async () => {
    expect(await read(" \n\tabcdefg\r\n")).toEqual([...codes("abcd", 4), ...codes("efg", 3)]);
    expect(await read(" abcdefg\n", { trim: false })).toEqual([...codes(" abc", 4), ...codes("fg\n", 3)]);
  });

  it("may be the first or the last alone", async () => {
    expect(await read("abcdef", { last: 0 })).toEqual(codes("abcd", 4));
    expect(await read("abcdef", { first: 0 })).toEqual(codes("def", 3));
  });

  it("are whole numbers from 0 to 256, whatever is in the file", async () => {
    const content = fc.uint8Array({ minLength: 1, maxLength: 20 }).filter((bytes) => bytes[0] !== 1);
    await fc.assert(
      fc.asyncProperty(content, async (bytes) => {
        const sample = await read(bytes, { trim: false });
        expect(sample).toEqual([
          ...bytes.subarray(0, 4),
          ...new Array<number>(Math.max(0, 4 - bytes.length)).fill(PADDING),
          ...new Array<number>(Math.max(0, 3 - bytes.length)).fill(PADDING),
          ...bytes.subarray(-3),
        ]);
      }),
      { numRuns: 20 },
    );
  });
});

describe("files", () => {
  it("are found below folders, once each, in one order", async () => {
    const folder = folderOf({ "a.txt": "1", "deep/er/b.txt": "2", "deep/c": "3" });
    const found = await findFiles([folder, join(folder, "deep"), join(folder, "a.txt")], ALL, never);
    expect(found.toSorted()).toEqual(["a.txt", "deep/c", "deep/er/b.txt"].map((name) => join(folder, name)));
    expect(await findFiles([folder], ALL, never)).toEqual(found);
  });

  it("behind links are left alone, so that links to what is above do no harm", async () => {
    const folder = folderOf({ "a.txt": "1", "b.txt": "2" });
    symlinkSync(folder, join(folder, "loop"));
    symlinkSync("/etc/passwd", join(folder, "outside"));
    expect(await findFiles([folder], ALL, never)).toHaveLength(2);
  });

  it("of one kind are limited, and so are all", async () => {
    const names = Array.from({ length: 60 }, (_, i) => (i < 50 ? `${i}.txt` : `${i}.md`));
    const folder = folderOf(Object.fromEntries(names.map((name) => [name, name])));
    const found = await findFiles([folder], { most: 100, perKind: 7 }, never);
    expect(found.filter((path) => path.endsWith(".txt"))).toHaveLength(7);
    expect(found.filter((path) => path.endsWith(".md"))).toHaveLength(7);
    expect(await findFiles([folder], { most: 5, perKind: 7 }, never)).toEqual(found.slice(0, 5));
  });

  it("count once where they begin and end alike, and not at all where they are empty", async () => {
    const folder = folderOf({ a: "abcdXXXefg", b: "abcdYYYefg", c: "other", empty: "" });
    const { size, classes, labels } = await loadFiles([folder], OPTIONS, never);
    expect([size, classes, [...labels]]).toEqual([2, [], [0, 0]]);
  });

  it("must be there, and be at least two", async () => {
    const folder = folderOf({ a: "a" });
    await expect(loadFiles([folder], OPTIONS, never)).rejects.toMatchObject({ code: "DATA_TOO_SMALL" });
    const missing = join(folder, "none");
    await expect(loadFiles([missing], OPTIONS, never)).rejects.toMatchObject({ code: "FILE_MISSING" });
    const nothing = { ...OPTIONS, first: 0, last: 0 };
    await expect(loadFiles([folder], nothing, never)).rejects.toMatchObject({ code: "RECIPE_INVALID" });
  });

  it("are not read on when the run is stopped", async () => {
    const stopped = AbortSignal.abort(new Error("enough"));
    await expect(loadFiles([folderOf({ a: "a", b: "b" })], OPTIONS, stopped)).rejects.toThrow("enough");
  });
});
