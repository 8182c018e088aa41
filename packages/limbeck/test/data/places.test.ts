import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { wavFiles } from "../../src/data/audio/medium.js";
import { type FolderChoice, loadBareFolders, loadClassFolders } from "../../src/data/folders/load.js";
import type { FilesPlan } from "../../src/data/folders/reader.js";
import { imageFiles } from "../../src/data/images/medium.js";
import { readRecipe } from "../../src/recipe/parse.js";
import { loadSamples } from "../../src/runs/samples.js";
import { temporaryFolder } from "../runs/harness.js";
import { writeTone } from "./audio.js";
import { errorOf } from "./helpers.js";
import { writeColors, writeImage } from "./images.js";

const signal = new AbortController().signal;
const medium = imageFiles({ size: [4, 6], fit: "stretch", channels: 3 });
const reading = { corrupt: "fail", signal, listener: {} } as const;

/** Files and classes of places that are named from a folder. */
async function found(root: string, choice: FolderChoice, corrupt: "fail" | "skip" = "fail") {
  const from = (places: FolderChoice["folder"]) =>
    typeof places === "string" ? join(root, places) : places.map((place) => join(root, place));
  const whole = Object.fromEntries(Object.entries(choice).map(([key, places]) => [key, from(places!)]));
  let plan: FilesPlan | undefined;
  const listener = { plan: (told: FilesPlan) => (plan = told) };
  const options = { ...reading, corrupt, listener };
  const { train, test } = await loadClassFolders(whole as unknown as FolderChoice, medium, options);
  const labelled = (part: typeof train) =>
    part.paths!.map((path, i) =>
      i < (part.labelled ?? part.size)
        ? `${part.classes[part.labels[i]!]} ${relative(root, path)}`
        : relative(root, path),
    );
  return { train: labelled(train), test: test && labelled(test), classes: train.classes, ignored: plan!.ignored };
}

async function files(root: string, ...paths: string[]): Promise<void> {
  for (const path of paths) {
    if (/\.(png|jpg)$/.test(path)) await writeImage(join(root, path), [90, 120, 30]);
    else writeFileSync(join(root, path), "");
  }
}

describe("a pattern of folders", () => {
  it("unites their classes by name, in order of the files' paths", async () => {
    const root = temporaryFolder();
    await files(root, "s/2026-2/train/dog/1.jpg", "s/2026-2/train/cat/1.png", "s/2026-1/train/dog/in/2.png");
    await files(root, "s/2026-1/train/emu/1.png", "s/2025-1/train/ape/1.png", "s/.2026-3/train/ape/1.png");
    await files(root, "s/2026-1/train/notes.txt", "s/2026-1/train/emu/notes.txt");
    mkdirSync(join(root, "s/2026-1/train/cat"));
    const { train, classes, ignored } = await found(root, { folder: "s/2026-*/train" });
    expect(classes).toEqual(["cat", "dog", "emu"]);
    expect(train).toEqual([
      "cat s/2026-2/train/cat/1.png",
      "dog s/2026-1/train/dog/in/2.png",
      "dog s/2026-2/train/dog/1.jpg",
      "emu s/2026-1/train/emu/1.png",
    ]);
    expect(ignored).toBe(2);
    expect((await found(root, { folder: ["s/2026-2/train", "s/{2025-1,2026-1}/train"] })).classes).toEqual([
      "ape",
      "cat",
      "dog",
      "emu",
    ]);
  });

  it("must be of folders that have classes, each with an image somewhere", async () => {
    const root = temporaryFolder();
    await files(root, "p/cat/1.png", "p/dog/1.png", "q/b/ape/1.png");
    mkdirSync(join(root, "q/a/emu"), { recursive: true });
    const bare = await errorOf(() => found(root, { folder: "p/*" }));
    expect([bare.code, bare.message]).toEqual([
      "DATA_CORRUPT",
      expect.stringContaining("p/cat has no folder of a class"),
    ]);
    expect(bare.fix).toContain(join(root, "p/cat/*.jpg"));
    expect((await errorOf(() => found(root, { folder: "q/*" }))).message).toContain("has the class emu without images");
  });
});

describe("a pattern of images", () => {
  it("has as classes the names of the folders that they lie in", async () => {
    const root = temporaryFolder();
    await files(root, "p/cat/b.jpg", "p/cat/a.jpg", "p/cat/c.png", "p/more/deep/dog/1.jpg", "p/more/cat/0.jpg");
    await files(root, "p/.dog/1.jpg", "p/cat/.1.jpg", "p/cat/notes.txt");
    const { train, classes } = await found(root, { folder: "p/**/*.jpg" });
    expect(classes).toEqual(["cat", "dog"]);
    expect(train).toEqual(["cat p/cat/a.jpg", "cat p/cat/b.jpg", "cat p/more/cat/0.jpg", "dog p/more/deep/dog/1.jpg"]);
    const all = await found(root, { folder: "p/**" });
    expect([all.train.length, all.ignored]).toEqual([5, 1]);
  });

  it("follows links to images, and none to folders, which may be loops", async () => {
    const root = temporaryFolder();
    await files(root, "p/cat/1.png", "p/dog/1.png", "far/far.png");
    symlinkSync(join(root, "far/far.png"), join(root, "p/dog/near.png"));
    symlinkSync(join(root, "p"), join(root, "p/dog/loop"));
    symlinkSync("..", join(root, "p/cat/up.png"));
    symlinkSync("nowhere.png", join(root, "p/cat/nowhere.png"));
    const { train } = await found(root, { folder: "p/**" }, "skip");
    expect(train).toEqual(["cat p/cat/1.png", "dog p/dog/1.png", "dog p/dog/near.png"]);
    const error = await errorOf(() => found(root, { folder: "p/**/*.png" }));
    expect(error.message).toContain(`Of 4 images, 1 cannot be decoded:\n  ${join(root, "p/cat/nowhere.png")}`);
  });

  it("has no folders among them, unless it goes across folders", async () => {
    const root = temporaryFolder();
    await files(root, "s/a/cat/1.png", "s/a/dog/1.png", "s/cover.png");
    const { code, message, fix } = await errorOf(() => found(root, { folder: "s/*" }));
    expect([code, message]).toEqual(["DATA_CORRUPT", expect.stringContaining("s/* matches images and folders")]);
    expect(fix).toContain("s/*.jpg");
    expect((await found(root, { folder: "s/*/**/*" })).classes).toEqual(["cat", "dog"]);
  });
});

describe("places of images", () => {
  it("that match nothing are an error, which says what was looked for", async () => {
    const root = temporaryFolder();
    await files(root, "p/cat/1.png", "p/dog/1.png");
    for (const choice of [
      { folder: "p/*/*.jpg" },
      { folder: ["p", "q/*"] },
      { folder: "p", test: "p/*/*.jpg" },
      { folder: "p", unlabelled: ["p", "q/**"] },
    ]) {
      const { code, message, where } = await errorOf(() => found(root, choice));
      expect([code, message]).toEqual(["FILE_MISSING", `${where} matches no image and no folder`]);
    }
    expect((await errorOf(() => found(root, { folder: ["p", "q"] }))).code).toBe("FILE_MISSING");
    expect((await errorOf(() => found(root, { folder: "p/cat/*.png" }))).message).toContain("has 1 classes");
  });

  it("have each file once, and of one class", async () => {
    const root = temporaryFolder();
    await files(root, "p/cat/1.png", "p/dog/1.png", "p/dog/puppy/1.png");
    expect((await found(root, { folder: ["p", "p/cat/*.png"] })).train.length).toBe(3);
    const { code, message } = await errorOf(() => found(root, { folder: ["p", "p/**/*.png"] }));
    expect([code, message]).toEqual([
      "DATA_CORRUPT",
      expect.stringMatching(/puppy\/1.png is of the class dog by .*puppy/),
    ]);
  });

  it("may overlap with those for testing, from which nothing is learned", async () => {
    const root = temporaryFolder();
    await writeColors(join(root, "s/1"), 1);
    await writeColors(join(root, "s/2"), 2);
    const { train, test } = await found(root, { folder: "s/*", test: "s/2" });
    expect([train.length, test!.length]).toEqual([3, 6]);
    expect(train.every((name) => name.includes("s/1/"))).toBe(true);
    expect((await errorOf(() => found(root, { folder: "s/*", test: "s/**" }))).message).toContain(
      "has no image of blue that is not in test",
    );
    expect((await errorOf(() => found(root, { folder: "s/*", test: "s/2/{blue,red}/*" }))).message).toContain(
      "lacks the class green",
    );
  });

  it("may be unlabelled: patterns of images, or of folders with all below them", async () => {
    const root = temporaryFolder();
    await writeColors(join(root, "known"), 1);
    await files(root, "in/b/2.png", "in/b/1.jpg", "in/a/deep/3.png", "in/b/x.txt", "other/4.png");
    const unlabelled = async (places: FolderChoice["folder"]) =>
      (await found(root, { folder: "known", unlabelled: places })).train.slice(3);
    expect(await unlabelled("in/**/*.png")).toEqual(["in/a/deep/3.png", "in/b/2.png"]);
    expect(await unlabelled(["other", "in/*", "**/*.png"])).toEqual([
      "in/a/deep/3.png",
      "in/b/1.jpg",
      "in/b/2.png",
      "other/4.png",
    ]);
    const choice = { folder: join(root, "{in,other}"), test: join(root, "in/**/*.jpg") };
    const { train, test } = await loadBareFolders(choice, medium, reading);
    expect([train.size, test!.size]).toEqual([3, 1]);
  });

  it("are the same samples in the same cache as their folder, whatever names them", async () => {
    const [root, cache] = [temporaryFolder(), temporaryFolder()];
    await writeColors(root, 2);
    const load = async (folder: FolderChoice["folder"]) =>
      (await loadClassFolders({ folder }, medium, { ...reading, places: { cache } })).train;
    const { name, ...plain } = await load(root);
    expect(name).toBe(root);
    for (const folder of [[root], `${root.slice(0, -1)}[${root.at(-1)}]`, join(root, "*/*.png")]) {
      expect(await load(folder)).toMatchObject(plain);
    }
    expect(readdirSync(cache)).toHaveLength(1);
  });

  it("are relative to the recipe, and called by their ends", async () => {
    const root = temporaryFolder();
    await writeColors(join(root, "photos/a"), 2);
    await writeColors(join(root, "photos/b"), 2, 50);
    const model = { family: "mlp", hidden: [4] };
    const load = (source: object) => {
      const path = join(root, "recipe.json");
      const train = { epochs: 1, batchSize: 4, learningRate: 0.01 };
      const recipe = { name: "c", data: { source: { size: 4, ...source } }, student: { model, train } };
      writeFileSync(path, JSON.stringify({ ...recipe, teacher: { model, train } }));
      return loadSamples(readRecipe(path), signal);
    };
    const { source, train, test } = await load({ folder: "photos/*", test: ["photos/b"] });
    expect([source, train.indices.length, test.indices.length]).toEqual(["photos/*", 6, 6]);
    expect(train.dataset.name).toBe(join(root, "photos/*"));
    const several = await load({ folder: ["photos/a", "photos/b/*/*.png"], test: "photos/b" });
    expect(several.source).toBe("a, b/*/*.png");
  });
});

it("sounds have patterns as images do", async () => {
  const root = temporaryFolder();
  for (const name of ["1/low/a", "2/low/b", "2/high/a"]) writeTone(join(root, `${name}.wav`), 500, { seconds: 0.1 });
  const options = { duration: 0.1, sampleRate: 8000, longer: "center", channel: "mix", features: "waveform" } as const;
  const sounds = wavFiles({ ...options, mels: 12, frame: 0.025, hop: 0.01 });
  const load = (folder: string) => loadClassFolders({ folder: join(root, folder) }, sounds, reading);
  for (const pattern of ["*", "**/*.wav"]) {
    const { train } = await load(pattern);
    expect([train.classes, [...train.labels]]).toEqual([
      ["high", "low"],
      [0, 1, 1],
    ]);
  }
  expect((await errorOf(() => load("3/*"))).message).toContain("matches no sound and no folder");
});
