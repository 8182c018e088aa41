import { describe, expect, it } from "vitest";
import { SILENT_BAND } from "../../src/data/audio/signal/log-mel.js";
import { createAugmenter, prepareAugmentation } from "../../src/data/augment/index.js";

const sound = {
  sampleRate: 8000,
  length: 8000,
  features: "log-mel",
  mels: 10,
  window: 200,
  hop: 80,
  channel: "mix",
} as const;
const geometry = { channels: 1, height: 10, width: 20, sound, spread: { mean: [-3], std: [2] } };
const pixels = Float32Array.from({ length: 3 * 200 }, (_, i) => i / 7);
const original = pixels.subarray(200, 400);

function changed(name: string, options: object, view = 0): Float32Array {
  const augment = createAugmenter([prepareAugmentation(name, options)], geometry, 5, view);
  return Float32Array.from(augment(pixels, 1));
}

const views = (name: string, options: object) => Array.from({ length: 40 }, (_, view) => changed(name, options, view));

describe("augmentations of sounds", () => {
  it.each(["time-shift", "noise", "mask"])("%s is the same in the same view, and another in the next one", (name) => {
    expect(changed(name, {}, 3)).toEqual(changed(name, {}, 3));
    expect(new Set(views(name, {}).map((values) => values.join())).size).toBeGreaterThan(3);
  });

  it("time-shift moves all bands, and leaves silence", () => {
    const shifts = views("time-shift", { share: 0.25 }).map((values) => {
      const row = [...values.subarray(0, 20)];
      const silent = row.filter((value) => value === Math.fround(SILENT_BAND)).length;
      const later = row[0] === Math.fround(SILENT_BAND) ? silent : -silent;
      for (let i = 0; i < 200; i++) {
        const from = (i % 20) - later;
        const wanted = from < 0 || from >= 20 ? Math.fround(SILENT_BAND) : original[i - later]!;
        expect(values[i]).toBe(wanted);
      }
      return later;
    });
    expect([Math.min(...shifts), Math.max(...shifts)]).toEqual([-5, 5]);
  });

  it("noise has the deviation that was asked for, at most", () => {
    const most = views("noise", { amount: 0.5 }).map((values) => {
      const differences = [...values].map((value, i) => value - original[i]!);
      expect(Math.abs(differences.reduce((a, b) => a + b) / 200)).toBeLessThan(0.3);
      return Math.sqrt(differences.reduce((sum, value) => sum + value * value, 0) / 200);
    });
    expect(Math.max(...most)).toBeGreaterThan(0.8);
    expect(Math.max(...most)).toBeLessThan(1.2);
    expect(changed("noise", { amount: 0 })).toEqual(original);
  });

  it("mask hides whole bands and whole times by the mean, never more than asked", () => {
    for (const values of views("mask", { bands: 1, bandWidth: 4, times: 1, timeShare: 0.25 })) {
      const isHidden = (band: number, time: number) => values[band * 20 + time] === -3;
      const bands = Array.from({ length: 10 }, (_, b) => b).filter((b) =>
        [...Array(20).keys()].every((t) => isHidden(b, t)),
      );
      const times = Array.from({ length: 20 }, (_, t) => t).filter((t) =>
        [...Array(10).keys()].every((b) => isHidden(b, t)),
      );
      expect(bands.length).toBeLessThanOrEqual(4);
      expect(times.length).toBeLessThanOrEqual(5);
      for (const list of [bands, times]) expect((list.at(-1) ?? 0) - (list[0] ?? 0)).toBe(Math.max(0, list.length - 1));
      for (let i = 0; i < 200; i++) {
        const hidden = bands.includes(Math.floor(i / 20)) || times.includes(i % 20);
        expect(values[i]).toBe(hidden ? -3 : original[i]);
      }
    }
  });

  it("mask never hides all of a waveform", () => {
    const wave = { ...geometry, height: 1, width: 200, sound: { ...sound, features: "waveform" as const } };
    for (let view = 0; view < 20; view++) {
      const augment = createAugmenter([prepareAugmentation("mask", {})], wave, 5, view);
      expect([...augment(pixels, 1)].filter((value) => value === -3).length).toBeLessThanOrEqual(80);
    }
  });
});
