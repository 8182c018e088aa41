import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { randomStream } from "@limbeck/graph";

export interface Chunk {
  readonly id: string;
  readonly content: Uint8Array;
  /** What the file says; default: the truth. */
  readonly size?: number;
}

/** A RIFF file of these chunks, padded to even lengths. */
export function riff(chunks: readonly Chunk[]): Uint8Array {
  const body = chunks.flatMap(({ id, content, size = content.length }) => {
    return [...Buffer.from(id), ...uint32(size), ...content, ...(content.length % 2 === 1 ? [0] : [])];
  });
  return Uint8Array.from([...Buffer.from("RIFF"), ...uint32(body.length + 4), ...Buffer.from("WAVE"), ...body]);
}

export function formatChunk({
  code = 1,
  channels = 1,
  rate = 8000,
  bits = 16,
  frame = (channels * bits) / 8,
} = {}): Chunk {
  const content = new Uint8Array(16);
  const view = new DataView(content.buffer);
  view.setUint16(0, code, true);
  view.setUint16(2, channels, true);
  view.setUint32(4, rate, true);
  view.setUint32(8, (rate * channels * bits) / 8, true);
  view.setUint16(12, frame, true);
  view.setUint16(14, bits, true);
  return { id: "fmt ", content };
}

export function int16Chunk(samples: readonly number[], size?: number): Chunk {
  const content = new Uint8Array(Int16Array.from(samples).buffer);
  return { id: "data", content, ...(size === undefined ? {} : { size }) };
}

function uint32(value: number): number[] {
  return [...new Uint8Array(Uint32Array.of(value).buffer)];
}

/** Writes a tone with a little noise, 16 bits. */
export function writeTone(path: string, hertz: number, { rate = 8000, seconds = 0.3, seed = 1 } = {}): void {
  mkdirSync(dirname(path), { recursive: true });
  const random = randomStream(seed);
  const samples = Array.from({ length: Math.round(rate * seconds) }, (_, i) => {
    return Math.round(8000 * Math.sin((2 * Math.PI * hertz * i) / rate) + random.below(801) - 400);
  });
  writeFileSync(path, riff([formatChunk({ rate }), int16Chunk(samples)]));
}

const TONES = { high: 1800, low: 300, middle: 800 } as const;

/** Writes `count` tones for each of three classes, named by their pitch. */
export function writeTones(folder: string, count: number, seed = 0): void {
  for (const [name, hertz] of Object.entries(TONES)) {
    for (let i = 0; i < count; i++) {
      writeTone(join(folder, name, `${i}.wav`), hertz + 10 * (i % 5), { seed: seed + i + 1 });
    }
  }
}
