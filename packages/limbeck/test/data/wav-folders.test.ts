import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { wavFiles } from "../../src/data/audio/medium.js";
import { type AudioOptions, inSamples } from "../../src/data/audio/options.js";
import { SILENT_BAND } from "../../src/data/audio/signal/log-mel.js";
import { type FolderChoice, loadClassFolders } from "../../src/data/folders/load.js";
import type { CorruptFile, FilesListener, FilesPlan } from "../../src/data/folders/reader.js";
import { temporaryFolder } from "../runs/harness.js";
import { writeTone, writeTones } from "./audio.js";

const OPTIONS: AudioOptions & Pick<FolderChoice, "corrupt"> = {
  duration: 0.25,
  sampleRate: 8000,
  longer: "center",
  channel: "mix",
  features: "log-mel",
  mels: 12,
  frame: 0.025,
  hop: 0.01,
  corrupt: "fail",
};

const load = (
  options: FolderChoice & AudioOptions & { readonly corrupt: "fail" | "skip" },
  listener: FilesListener = {},
) =>
  loadClassFolders(options, wavFiles(options), {
    corrupt: options.corrupt,
    signal: new AbortController().signal,
    listener,
  });

describe("folders of WAV files", () => {
  it("are classes, and each file is one sample of floats", async () => {
    const root = temporaryFolder();
    writeTones(root, 3);
    writeFileSync(join(root, "low", "notes.txt"), "");
    let plan: FilesPlan | undefined;
    const { train } = await load({ folder: root, ...OPTIONS }, { plan: (found) => (plan = found) });
    expect(train.classes).toEqual(["high", "low", "middle"]);
    expect([...train.labels]).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2]);
    expect([train.size, train.channels, train.height, train.width]).toEqual([9, 1, 12, 23]);
    expect(plan).toEqual({ noun: "sound", files: 9, samples: 9, shape: [1, 12, 23], bytes: 9 * 276 * 4, ignored: 1 });
    expect(train.pixels).toBeInstanceOf(Float32Array);
    expect(train.groups).toBeUndefined();
    const loudest = (sample: number) => {
      const bands = Array.from({ length: 12 }, (_, band) => train.pixels[sample * 276 + band * 23 + 10]!);
      return bands.indexOf(Math.max(...bands));
    };
    expect(loudest(3)).toBeLessThan(loudest(6));
    expect(loudest(6)).toBeLessThan(loudest(0));
  });

  it("are brought to one rate and one length", async () => {
    const root = temporaryFolder();
    writeTone(join(root, "a", "short.wav"), 500, { seconds: 0.1 });
    writeTone(join(root, "b", "long.wav"), 500, { rate: 44_100, seconds: 1 });
    const { train } = await load({ folder: root, ...OPTIONS });
    const at = (sample: number, time: number) => train.pixels[sample * 276 + 3 * 23 + time]!;
    expect([at(0, 0), at(0, 22)]).toEqual([SILENT_BAND, SILENT_BAND].map(Math.fround));
    expect(Math.abs(at(0, 11) - at(1, 11))).toBeLessThan(0.5);
    const wave = await load({ folder: root, ...OPTIONS, features: "waveform" });
    expect([wave.train.height, wave.train.width]).toEqual([1, 2000]);
  });

  it("are cut into windows, which stay together", async () => {
    const root = temporaryFolder();
    writeTone(join(root, "a", "0.wav"), 500, { rate: 16_000, seconds: 1.1 });
    writeTone(join(root, "b", "0.wav"), 500, { seconds: 0.1 });
    const options = { ...OPTIONS, longer: "windows", features: "waveform" } as const;
    const { train } = await load({ folder: root, ...options });
    expect([...train.groups!]).toEqual([0, 0, 0, 0, 1]);
    expect([...train.labels]).toEqual([0, 0, 0, 0, 1]);
    const half = await load({ folder: root, ...options, step: 0.125 });
    expect([...half.train.groups!]).toEqual([0, 0, 0, 0, 0, 0, 0, 1]);
    expect([...half.train.pixels.subarray(2 * 2000, 3 * 2000)]).toEqual([...train.pixels.subarray(2000, 4000)]);
  });

  it("that are corrupt are all listed, with windows too", async () => {
    const root = temporaryFolder();
    writeTones(root, 3);
    const broken = join(root, "low", "1.wav");
    writeFileSync(broken, readFileSync(broken).subarray(0, 100));
    writeFileSync(join(root, "high", "2.wav"), "");
    for (const longer of ["center", "windows"] as const) {
      const error = await load({ folder: root, ...OPTIONS, longer }).catch((thrown) => thrown);
      expect(error.code).toBe("DATA_CORRUPT");
      expect(error.message).toContain("Of 9 sounds, 2 cannot be decoded");
      expect(error.message).toContain(`${broken}: is cut short: chunk "data" announces 4800 bytes, and 56 are there`);
      let skipped: readonly CorruptFile[] = [];
      const { train } = await load(
        { folder: root, ...OPTIONS, longer, corrupt: "skip" },
        { skipped: (files) => (skipped = files) },
      );
      expect(skipped.map(({ path }) => path)).toEqual([join(root, "high", "2.wav"), broken]);
      expect([...train.labels]).toEqual([0, 0, 1, 1, 2, 2, 2]);
    }
  });

  it("of another kind are no sounds, and too much is refused before it is decoded", async () => {
    const root = temporaryFolder();
    writeTones(root, 1);
    await expect(
      load({ folder: root, ...OPTIONS, duration: 3600, features: "waveform", sampleRate: 192_000 }),
    ).rejects.toMatchObject({
      code: "RECIPE_INVALID",
      message: expect.stringContaining("3 sounds of 1 × 1 × 691200000 take 8.3 GB"),
    });
    const empty = temporaryFolder();
    writeTone(join(empty, "a", "0.wav"), 500);
    writeFileSync(join(empty, "a", "0.mp3"), "");
    await expect(load({ folder: empty, ...OPTIONS })).rejects.toThrow("has 1 classes");
  });

  it("have lengths in samples", () => {
    expect(inSamples({ ...OPTIONS, sampleRate: 11_025 })).toEqual({ length: 2756, step: 2756, window: 276, hop: 110 });
  });
});
