import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { findClassFolders } from "../../src/data/folders/find.js";
import { type FolderChoice, loadBareFolders, loadClassFolders } from "../../src/data/folders/load.js";
import type { CorruptFile, FilesListener, FilesPlan } from "../../src/data/folders/reader.js";
import { decodeImage } from "../../src/data/images/decode.js";
import { imageFiles } from "../../src/data/images/medium.js";
import type { ImageShape } from "../../src/data/images/options.js";
import { temporaryFolder } from "../runs/harness.js";
import { writeColors, writeImage } from "./images.js";

const SHAPE = { size: [4, 6] as [number, number], fit: "stretch", channels: 3 } as const;
const OPTIONS = { ...SHAPE, corrupt: "fail" } as const;
const never = new AbortController().signal;

const loadImages = (
  options: FolderChoice & ImageShape & { readonly corrupt: "fail" | "skip" },
  signal: AbortSignal,
  listener: FilesListener = {},
) => loadClassFolders(options, imageFiles(options), { corrupt: options.corrupt, signal, listener });

/** One pixel a value: gray where there are as many values as pixels, else color. */
async function png(path: string, width: number, values: readonly number[], channels: 1 | 2 | 3 | 4) {
  const height = values.length / channels / width;
  const image = sharp(Uint8Array.from(values), { raw: { width, height, channels } });
  await (channels < 3 ? image.toColorspace("b-w") : image).toFile(path);
  return path;
}

describe("an image", () => {
  const at = (name: string) => join(temporaryFolder(), name);
  const exactly = (height: number, width: number, channels: 1 | 3 = 3) =>
    ({ size: [height, width] as [number, number], fit: "stretch", channels }) as const;

  it("is bytes of channels, rows and columns", async () => {
    const path = await png(at("a.png"), 2, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], 3);
    expect([...(await decodeImage(path, exactly(2, 2)))]).toEqual([1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12]);
  });

  it("of gray becomes color, and of color gray", async () => {
    const gray = await png(at("gray.png"), 2, [0, 100, 200, 255], 1);
    expect([...(await decodeImage(gray, exactly(2, 2)))]).toEqual([
      0, 100, 200, 255, 0, 100, 200, 255, 0, 100, 200, 255,
    ]);
    const color = await png(at("color.png"), 2, [255, 255, 255, 0, 0, 0, 90, 90, 90, 30, 30, 30], 3);
    expect([...(await decodeImage(color, exactly(2, 2, 1)))]).toEqual([255, 0, 90, 30]);
  });

  it("is white where it is transparent", async () => {
    const path = await png(at("a.png"), 1, [10, 20, 30, 255, 10, 20, 30, 0], 4);
    expect([...(await decodeImage(path, exactly(2, 1)))]).toEqual([10, 255, 20, 255, 30, 255]);
  });

  it("of 16 bits has its high bytes", async () => {
    const path = at("deep.png");
    const values = Uint16Array.of(0, 0x8000, 0xffff, 0x4000);
    await sharp(values, { raw: { width: 2, height: 2, channels: 1 } })
      .toColorspace("grey16")
      .toFile(path);
    expect([...(await decodeImage(path, exactly(2, 2, 1)))]).toEqual([0, 0x80, 0xff, 0x40]);
  });

  it("is turned as its EXIF data say", async () => {
    const path = at("turned.tiff");
    const upright = sharp(Uint8Array.of(0, 250), { raw: { width: 2, height: 1, channels: 1 } });
    await upright.toColorspace("b-w").withMetadata({ orientation: 6 }).tiff({ compression: "none" }).toFile(path);
    expect([...(await decodeImage(path, exactly(2, 1, 1)))]).toEqual([0, 250]);
  });

  it("is cut, padded or stretched to its size", async () => {
    const rows = Array.from({ length: 8 }, () => [0, 80, 160, 240]).flat();
    const path = await png(at("high.png"), 4, rows, 1);
    const to = async (fit: "cover" | "contain" | "stretch") =>
      [...(await decodeImage(path, { size: [4, 4], fit, channels: 1 }))].slice(4, 8);
    expect(await to("stretch")).toEqual([0, 80, 160, 240]);
    expect(await to("cover")).toEqual([0, 80, 160, 240]);
    const [left, ...inner] = await to("contain");
    expect([left, inner.at(-1)]).toEqual([0, 0]);
    expect([inner[0]! < 60, inner[1]! > 180]).toEqual([true, true]);
  });

  it("of a billion pixels is refused before it is decoded", async () => {
    const path = at("bomb.png");
    const blank = sharp({ create: { width: 8, height: 8, channels: 3, background: "black" }, limitInputPixels: false });
    await blank.png().toFile(path);
    const bytes = readFileSync(path);
    bytes.writeUInt32BE(40_000, 16);
    bytes.writeUInt32BE(30_000, 20);
    bytes.writeUInt32BE(crc32(bytes.subarray(12, 29)), 29);
    writeFileSync(path, bytes);
    await expect(decodeImage(path, SHAPE)).rejects.toThrow("exceeds pixel limit");
  });

  it("is not a drawing, whatever it is called", async () => {
    const path = at("drawing.png");
    writeFileSync(path, '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
    await expect(decodeImage(path, SHAPE)).rejects.toThrow("svg files are not read");
  });

  it("that is damaged is decoded or refused, and nothing else", async () => {
    const folder = temporaryFolder();
    const whole: Buffer[] = [];
    for (const kind of ["jpg", "png", "webp", "gif", "tiff"]) {
      await writeImage(join(folder, `a.${kind}`), [90, 120, 30]);
      whole.push(readFileSync(join(folder, `a.${kind}`)));
    }
    let count = 0;
    const damage = fc.record({
      of: fc.nat(whole.length - 1),
      length: fc.double({ min: 0, max: 1, noNaN: true }),
      changes: fc.array(fc.tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.nat(255)), { maxLength: 8 }),
    });
    await fc.assert(
      fc.asyncProperty(damage, async ({ of, length, changes }) => {
        const bytes = Buffer.from(whole[of]!.subarray(0, Math.ceil(length * whole[of]!.length)));
        for (const [place, value] of changes) bytes[Math.floor(place * bytes.length)] = value;
        const path = join(folder, `${count++}.png`);
        writeFileSync(path, bytes);
        const result = await decodeImage(path, SHAPE).catch((error: Error) => error);
        if (result instanceof Error) expect(result.message).not.toBe("");
        else expect(result).toHaveLength(72);
      }),
      { numRuns: 150 },
    );
  });
});

describe("folders of images", () => {
  it("are classes, sorted by name, with what is below them", async () => {
    const root = temporaryFolder();
    await writeColors(root, 2);
    await writeImage(join(root, "green", "more", "deep.jpg"), [0, 255, 0]);
    writeFileSync(join(root, "green", "notes.txt"), "");
    writeFileSync(join(root, "green", "._0.png"), "");
    writeFileSync(join(root, "list.csv"), "");
    let plan: FilesPlan | undefined;
    const steps: number[] = [];
    const { train, test } = await loadImages({ folder: root, ...OPTIONS }, never, {
      plan: (found) => {
        plan = found;
      },
      decoded: (count) => steps.push(count),
    });
    expect(test).toBeUndefined();
    expect([train.size, train.channels, train.height, train.width]).toEqual([7, 3, 4, 6]);
    expect(train.classes).toEqual(["blue", "green", "red"]);
    expect([...train.labels]).toEqual([0, 0, 1, 1, 1, 2, 2]);
    expect(plan).toEqual({ noun: "image", files: 7, samples: 7, shape: [3, 4, 6], bytes: 7 * 72, ignored: 3 });
    expect(steps).toEqual([1, 2, 3, 4, 5, 6, 7]);
    const brightest = (sample: number) => {
      const plane = (c: number) => train.pixels.slice(sample * 72 + c * 24, sample * 72 + (c + 1) * 24);
      const means = [0, 1, 2].map((c) => plane(c).reduce((sum, value) => sum + value, 0));
      return means.indexOf(Math.max(...means));
    };
    expect(Array.from({ length: 7 }, (_, i) => brightest(i))).toEqual([2, 2, 1, 1, 1, 0, 0]);
  });

  it("may have unlabelled images beside them that a pattern matches", async () => {
    const root = temporaryFolder();
    await writeColors(join(root, "known"), 1);
    await writeImage(join(root, "found", "a", "x.png"), [0, 255, 0]);
    await writeImage(join(root, "found", "b", "y.png"), [0, 255, 0]);
    writeFileSync(join(root, "found", "a", "x.txt"), "");
    const options = { folder: join(root, "known"), unlabelled: join(root, "found", "*", "x.*"), ...OPTIONS };
    const { train } = await loadImages(options, never);
    expect([train.size, train.labelled]).toEqual([4, 3]);
  });

  it("may have links to images and to classes, which make no loops", async () => {
    const [root, other] = [temporaryFolder(), temporaryFolder()];
    await writeColors(root, 1);
    await writeImage(join(other, "far.png"), [9, 9, 9]);
    symlinkSync(join(other, "far.png"), join(root, "red", "near.png"));
    symlinkSync(root, join(root, "red", "loop"));
    symlinkSync("..", join(root, "red", "up"));
    symlinkSync(other, join(root, "linked"));
    symlinkSync(root, join(root, "itself"));
    symlinkSync("/", join(root, "above"));
    symlinkSync("loop.png", join(root, "loop.png"));
    const { classes, labels, ignored } = await findClassFolders(root, imageFiles(SHAPE), never);
    expect(classes).toEqual(["blue", "green", "linked", "red"]);
    expect([...labels]).toEqual([0, 1, 2, 3, 3]);
    expect(ignored).toBe(5);
  });

  it("must be at least two, each with an image, and the same for testing", async () => {
    const root = temporaryFolder();
    const found = () => findClassFolders(root, imageFiles(SHAPE), never);
    await expect(findClassFolders(join(root, "none"), imageFiles(SHAPE), never)).rejects.toMatchObject({
      code: "FILE_MISSING",
    });
    await expect(found()).rejects.toThrow("has 0 classes; there must be 2 to 256");
    await writeImage(join(root, "a", "1.png"), [1, 2, 3]);
    await expect(found()).rejects.toMatchObject({ code: "DATA_CORRUPT", where: root });
    mkdirSync(join(root, "b"));
    await expect(found()).rejects.toThrow("is a class without images");
    await writeImage(join(root, "b", "1.png"), [1, 2, 3]);
    await expect(findClassFolders(root, imageFiles(SHAPE), never, ["a"])).rejects.toThrow(
      "has the class b, which nothing is learned from",
    );
    await expect(findClassFolders(root, imageFiles(SHAPE), never, ["a", "b", "c"])).rejects.toThrow(
      "lacks the class c",
    );
  });

  it("with corrupt images are refused, and all of these are named", async () => {
    const root = temporaryFolder();
    await writeColors(root, 2);
    for (const name of ["blue", "red"]) writeFileSync(join(root, name, "0.png"), "no image");
    symlinkSync("nowhere", join(root, "red", "nowhere.jpg"));
    const error = await loadImages({ folder: root, ...OPTIONS }, never).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: "DATA_CORRUPT", fix: expect.stringContaining("data.source.corrupt to skip") });
    expect(error.message).toContain("Of 7 images, 3 cannot be decoded");
    expect(error.value.map(({ path }: CorruptFile) => path)).toEqual(
      ["blue/0.png", "red/0.png", "red/nowhere.jpg"].map((name) => join(root, name)),
    );
  });

  it("may leave corrupt images out, if no class is left without any", async () => {
    const [root, test] = [temporaryFolder(), temporaryFolder()];
    await writeColors(root, 2);
    await writeColors(test, 1);
    const whole = await loadImages({ folder: root, test, ...OPTIONS }, never);
    writeFileSync(join(root, "green", "0.png"), "no image");
    const skipped: CorruptFile[] = [];
    const options = { ...OPTIONS, corrupt: "skip" } as const;
    const left = await loadImages({ folder: root, test, ...options }, never, {
      skipped: (images) => skipped.push(...images),
    });
    expect(skipped).toEqual([{ path: join(root, "green", "0.png"), problem: expect.any(String) }]);
    expect([...left.train.labels]).toEqual([0, 0, 1, 2, 2]);
    const sample = (pixels: ArrayLike<number>, i: number) => Array.from(pixels).slice(i * 72, (i + 1) * 72);
    expect(sample(left.train.pixels, 2)).toEqual(sample(whole.train.pixels, 3));
    expect(sample(left.train.pixels, 4)).toEqual(sample(whole.train.pixels, 5));
    cpSync(join(root, "green", "0.png"), join(root, "green", "1.png"));
    await expect(loadImages({ folder: root, ...options }, never)).rejects.toThrow(
      "has no image of green that can be decoded",
    );
  });

  it("that would not fit into memory are refused before anything is decoded", async () => {
    const root = temporaryFolder();
    await writeColors(root, 54);
    const big = { ...OPTIONS, size: [2048, 2048] as [number, number] };
    await expect(loadImages({ folder: root, ...big }, never)).rejects.toMatchObject({
      code: "RECIPE_INVALID",
      where: "data.source.size",
      value: 162 * 3 * 2048 * 2048,
    });
  });

  it("are not read on when the run is stopped", async () => {
    const root = temporaryFolder();
    await writeColors(root, 1);
    const controller = new AbortController();
    const stop = { plan: () => controller.abort(new Error("enough")) };
    await expect(loadImages({ folder: root, ...OPTIONS }, controller.signal, stop)).rejects.toThrow("enough");
  });
});

const MIRROR = process.env.LIMBECK_DATA_DIR;
const photos = MIRROR ? join(MIRROR, "clothing", "test") : "";

it.skipIf(!existsSync(photos))("photos of clothing are read (skipped without them in LIMBECK_DATA_DIR)", async () => {
  const options = { ...OPTIONS, size: [16, 16] as [number, number], fit: "cover" } as const;
  const { train } = await loadImages({ folder: photos, ...options }, never);
  expect([train.size, train.classes.length]).toEqual([372, 10]);
  expect([train.classes[0], train.classes[9]]).toEqual(["dress", "t-shirt"]);
});

describe("folders without classes", () => {
  const loadBare = (folder: string, test?: string) =>
    loadBareFolders({ folder, test }, imageFiles(SHAPE), { corrupt: "fail", signal: never, listener: {} });

  it("give all images in them and below, but none that is tested", async () => {
    const folder = temporaryFolder();
    await writeColors(folder, 2);
    await writeImage(join(folder, "lone.png"), [9, 9, 9]);
    const whole = await loadBare(folder);
    expect(whole).toMatchObject({ train: { size: 7, classes: [], height: 4, width: 6 } });
    expect(whole.test).toBeUndefined();
    const parts = await loadBare(folder, join(folder, "red"));
    expect(parts).toMatchObject({ train: { size: 5 }, test: { size: 2, classes: [] } });
  });

  it("are refused where nothing is left", async () => {
    const folder = temporaryFolder();
    const load = (test?: string) => loadBare(folder, test);
    await expect(load()).rejects.toMatchObject({ code: "DATA_CORRUPT", message: `${folder} holds no image` });
    await writeImage(join(folder, "only.png"), [9, 9, 9]);
    await expect(load(folder)).rejects.toThrow("holds no image that is not in test");
  });
});
