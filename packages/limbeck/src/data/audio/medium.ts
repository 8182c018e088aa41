import { readFile, stat } from "node:fs/promises";
import type { Medium } from "../folders/medium.js";
import { type AudioOptions, inSamples } from "./options.js";
import { featuresOf, fitLength, type SoundShape, soundSize } from "./signal/features.js";
import { resample } from "./signal/resample.js";
import { decodeWav, wavLayout } from "./signal/wav.js";

/** Files of more bytes are refused: decoded, they may take five times as much. */
const MOST_BYTES = 256_000_000;

/** WAV files, each of which becomes one sample `[1, height, width]`, or one for each window. */
export function wavFiles(options: AudioOptions): Medium {
  const shape = shapeOf(options);
  const [height, width] = soundSize(shape);
  const compute = featuresOf(shape);
  const { length, step } = inSamples(options);
  return {
    noun: "sound",
    extensions: new Set([".wav", ".wave"]),
    facts: { channels: 1, height, width, columns: [options.features], sound: shape },
    shrink: "duration",
    allocate: (values) => new Float32Array(values),
    ...(options.longer === "windows"
      ? {
          count: async (path) => {
            const { frames, sampleRate } = wavLayout(await readWhole(path));
            return windowCount(Math.ceil((frames * shape.sampleRate) / sampleRate), length, step);
          },
        }
      : {}),
    decode: async (file) => {
      const { samples } = resample(
        decodeWav(typeof file === "string" ? await readWhole(file) : file, shape.channel),
        shape.sampleRate,
      );
      const count = options.longer === "windows" ? windowCount(samples.length, length, step) : 1;
      const values = new Float32Array(count * height * width);
      for (let i = 0; i < count; i++) {
        const part = options.longer === "center" ? samples : samples.subarray(i * step, i * step + length);
        values.set(compute(fitLength(part, length)), i * height * width);
      }
      return values;
    },
  };
}

function shapeOf(options: AudioOptions): SoundShape {
  const { sampleRate, features, mels, channel } = options;
  const { length, window, hop } = inSamples(options);
  return { sampleRate, length, features, mels, window, hop, channel };
}

/** What is left behind the last whole window is not taken. */
function windowCount(samples: number, length: number, step: number): number {
  return samples <= length ? 1 : 1 + Math.floor((samples - length) / step);
}

async function readWhole(path: string): Promise<Uint8Array> {
  const { size } = await stat(path);
  if (size > MOST_BYTES) throw new RangeError(`has ${size} bytes; at most ${MOST_BYTES} are read`);
  return readFile(path);
}
