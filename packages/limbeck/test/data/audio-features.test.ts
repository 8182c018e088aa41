import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fitLength, type SoundShape, soundFeatures, soundSize } from "../../src/data/audio/signal/features.js";
import { logMelOf, SILENT_BAND } from "../../src/data/audio/signal/log-mel.js";
import { resample } from "../../src/data/audio/signal/resample.js";

const golden = JSON.parse(readFileSync(new URL("../golden/audio.json", import.meta.url), "utf8")) as {
  sound: number[];
  logMel: { sampleRate: number; mels: number; window: number; hop: number; values: number[] }[];
  resampled: { from: number; to: number; values: number[] }[];
};

const sound = Float32Array.from(golden.sound);

/** The largest difference. */
function distance(values: ArrayLike<number>, wanted: readonly number[]): number {
  expect(values.length).toBe(wanted.length);
  return wanted.reduce((most, value, i) => Math.max(most, Math.abs(value - values[i]!)), 0);
}

const tone = (hertz: number, sampleRate: number, length: number) => ({
  samples: Float32Array.from({ length }, (_, i) => Math.sin((2 * Math.PI * hertz * i) / sampleRate)),
  sampleRate,
});

describe("log-mel features", () => {
  it.each(golden.logMel)("are NumPy's at $sampleRate Hz", ({ values, ...options }) => {
    expect(distance(logMelOf(options)(sound), values)).toBeLessThan(2e-5);
  });

  it("of silence are one value", () => {
    const values = logMelOf({ sampleRate: 8000, mels: 8, window: 200, hop: 80 })(new Float32Array(400));
    expect(new Set(values)).toEqual(new Set([Math.fround(SILENT_BAND)]));
  });

  it("have no band that hears nothing, however narrow bands are", () => {
    const noise = Float32Array.from({ length: 200 }, (_, i) => Math.sin(i * i));
    const values = logMelOf({ sampleRate: 8000, mels: 256, window: 200, hop: 80 })(noise);
    expect(values.every((value) => value > SILENT_BAND + 1e-9)).toBe(true);
  });
});

describe("resampling", () => {
  it.each(golden.resampled)("from $from to $to Hz is NumPy's sum of sincs", ({ from, to, values }) => {
    const { samples, sampleRate } = resample({ samples: sound.subarray(0, 200), sampleRate: from }, to);
    expect(sampleRate).toBe(to);
    expect(distance(samples, values)).toBeLessThan(1e-6);
  });

  it("keeps tones below half the lower rate, and takes away those above", () => {
    const middle = (hertz: number) => {
      const { samples } = resample(tone(hertz, 44_100, 8820), 16_000);
      return samples.subarray(400, 2800);
    };
    const kept = middle(1000);
    const wanted = tone(1000, 16_000, 3200).samples.subarray(400, 2800);
    expect(distance(kept, [...wanted])).toBeLessThan(1e-3);
    expect(middle(12_000).every((value) => Math.abs(value) < 1e-3)).toBe(true);
  });

  it("leaves a sound of the same rate alone, and refuses what would not fit into memory", () => {
    expect(resample({ samples: sound, sampleRate: 8000 }, 8000).samples).toBe(sound);
    const long = { samples: { length: 2e9 } as Float32Array, sampleRate: 1000 };
    expect(() => resample(long, 192_000)).toThrow("is too long");
  });
});

describe("what a model hears", () => {
  it("is the middle of what is longer, and has silence around what is shorter", () => {
    const samples = Float32Array.of(1, 2, 3, 4, 5);
    expect([...fitLength(samples, 2)]).toEqual([2, 3]);
    expect([...fitLength(samples, 5)]).toEqual([1, 2, 3, 4, 5]);
    expect([...fitLength(samples, 8)]).toEqual([0, 1, 2, 3, 4, 5, 0, 0]);
  });

  it("has its size, whatever the sound's length and rate", () => {
    const shape: SoundShape = {
      sampleRate: 8000,
      length: 4000,
      features: "log-mel",
      mels: 20,
      window: 200,
      hop: 80,
      channel: "mix",
    };
    expect(soundSize(shape)).toEqual([20, 48]);
    for (const [rate, length] of [
      [8000, 10],
      [16_000, 9000],
      [11_025, 3001],
    ] as const) {
      expect(soundFeatures(tone(300, rate, length), shape)).toHaveLength(20 * 48);
      expect(soundFeatures(tone(300, rate, length), { ...shape, features: "waveform" })).toHaveLength(4000);
    }
  });
});
