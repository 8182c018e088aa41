import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeWav } from "../../src/data/audio/signal/wav.js";
import { type Chunk, formatChunk, int16Chunk, riff } from "./audio.js";

const golden = JSON.parse(readFileSync(new URL("../golden/audio.json", import.meta.url), "utf8")) as {
  files: { name: string; wav: string; samples: number[] }[];
};

const note: Chunk = { id: "LIST", content: Uint8Array.from([1, 2, 3]) };
const samples = (bytes: Uint8Array) => [...decodeWav(bytes).samples];

describe("a WAV file", () => {
  it.each(golden.files)("of $name is read as by Python", ({ wav, samples: wanted }) => {
    const read = samples(Buffer.from(wav, "base64"));
    expect(read).toHaveLength(wanted.length);
    for (const [i, value] of wanted.entries()) expect(read[i]).toBeCloseTo(value, 6);
  });

  it("has its rate, and -1 … 1 - 1/32768 of 16 bits", () => {
    const bytes = riff([formatChunk({ rate: 44100 }), int16Chunk([-32768, 0, 16384, 32767])]);
    expect(decodeWav(bytes).sampleRate).toBe(44100);
    expect(samples(bytes)).toEqual([-1, 0, 0.5, 32767 / 32768]);
  });

  it("of two channels is their mean, or the first one", () => {
    const bytes = riff([formatChunk({ channels: 2 }), int16Chunk([16384, 0, -16384, 8192])]);
    expect(samples(bytes)).toEqual([0.25, -0.125]);
    expect([...decodeWav(bytes, "first").samples]).toEqual([0.5, -0.5]);
  });

  it("may have other chunks of odd sizes before and behind its sound", () => {
    expect(samples(riff([note, formatChunk(), note, int16Chunk([16384]), note]))).toEqual([0.5]);
  });

  it("of an extensible format is what its last words say", () => {
    const plain = formatChunk({ code: 0xfffe }).content;
    const guid = [1, 0, 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];
    const content = Uint8Array.from([...plain, 22, 0, 16, 0, 4, 0, 0, 0, ...guid]);
    expect(samples(riff([{ id: "fmt ", content }, int16Chunk([16384])]))).toEqual([0.5]);
    expect(() => samples(riff([{ id: "fmt ", content: content.with(30, 7) }, int16Chunk([1])]))).toThrow("extensible");
  });

  it("that was written to a pipe ends where the file ends", () => {
    const bytes = riff([formatChunk(), int16Chunk([16384, 8192], 0xffffffff)]);
    expect(samples(bytes)).toEqual([0.5, 0.25]);
    expect(samples(bytes.subarray(0, -1))).toEqual([0.5]);
  });

  it.each<[string, Uint8Array]>([
    ["is no WAV file", new Uint8Array(0)],
    ["is no WAV file", Uint8Array.from(Buffer.from("RIFX    WAVE"))],
    ["has no chunk called fmt", riff([])],
    ["has no chunk called data", riff([formatChunk()])],
    ["has sound before it says", riff([int16Chunk([1]), formatChunk()])],
    ["holds no sound", riff([formatChunk(), int16Chunk([])])],
    ["holds no sound", riff([formatChunk(), int16Chunk([], 0xffffffff)])],
    ['"data" announces 2000000000 bytes, and 2 are there', riff([formatChunk(), int16Chunk([1], 2e9)])],
    ['"LIST" announces 4000000000 bytes', riff([{ ...note, size: 4e9 }, formatChunk(), int16Chunk([1])])],
    ["no whole samples of 4 bytes", riff([formatChunk({ channels: 2 }), int16Chunk([1, 2, 3])])],
    ["holds µ-law", riff([formatChunk({ code: 7, bits: 8 }), int16Chunk([1])])],
    ["holds format 999", riff([formatChunk({ code: 999 }), int16Chunk([1])])],
    ["samples of 12 bits", riff([formatChunk({ bits: 12 }), int16Chunk([1])])],
    ["announces 0 channels", riff([formatChunk({ channels: 0 }), int16Chunk([1])])],
    ["announces 1 channels of 16 bits in 5 bytes", riff([formatChunk({ frame: 5 }), int16Chunk([1])])],
    ["announces 4000000000 samples a second", riff([formatChunk({ rate: 4e9 }), int16Chunk([1])])],
    ["format in 8 bytes", riff([{ id: "fmt ", content: new Uint8Array(8) }, int16Chunk([1])])],
    [
      "has NaN at sample 1",
      riff([
        formatChunk({ code: 3, bits: 32 }),
        { id: "data", content: new Uint8Array(Float32Array.of(0, Number.NaN).buffer) },
      ]),
    ],
  ])("is refused where it %s", (message, bytes) => {
    expect(() => decodeWav(bytes)).toThrow(RangeError);
    expect(() => decodeWav(bytes)).toThrow(message);
  });

  it("that is damaged is read or refused, and takes no more memory than it has bytes", () => {
    const files = [
      riff([note, formatChunk({ channels: 3 }), note, int16Chunk([1, 2, 3, 4, 5, 6]), note]),
      ...golden.files.map(({ wav }) => Uint8Array.from(Buffer.from(wav, "base64"))),
    ];
    const damage = fc.record({
      of: fc.nat(files.length - 1),
      length: fc.double({ min: 0, max: 1, noNaN: true }),
      changes: fc.array(fc.tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.nat(255)), { maxLength: 8 }),
    });
    fc.assert(
      fc.property(damage, ({ of, length, changes }) => {
        const bytes = files[of]!.slice(0, Math.ceil(length * files[of]!.length));
        for (const [place, value] of changes) bytes[Math.floor(place * bytes.length)] = value;
        try {
          const sound = decodeWav(bytes);
          expect(sound.samples.length).toBeLessThanOrEqual(bytes.length);
          expect(sound.samples.every(Number.isFinite)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          expect((error as Error).message).not.toMatch(/bounds|offset/i);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
