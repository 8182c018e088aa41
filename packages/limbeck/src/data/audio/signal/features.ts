import { frameCount, logMelOf, SILENT_BAND } from "./log-mel.js";
import { resample } from "./resample.js";
import type { ChannelChoice, Sound } from "./wav.js";

/** What a model takes of a sound. */
export interface SoundShape {
  /** Samples of a second. */
  readonly sampleRate: number;
  /** Samples of what is heard at once. */
  readonly length: number;
  readonly features: "log-mel" | "waveform";
  /** Bands of frequencies. */
  readonly mels: number;
  /** Samples that a band is measured over. */
  readonly window: number;
  /** Samples from one measurement to the next. */
  readonly hop: number;
  /** What becomes of several channels. */
  readonly channel: ChannelChoice;
}

/** A model's input for a sound: height × width, one channel. */
export function soundSize(shape: SoundShape): readonly [height: number, width: number] {
  return shape.features === "waveform" ? [1, shape.length] : [shape.mels, frameCount(shape.length, shape)];
}

/** What silence is in a model's input. */
export function silenceOf({ features }: SoundShape): number {
  return features === "waveform" ? 0 : SILENT_BAND;
}

/** The middle of samples, or all of them with as much silence on both sides, so that there are `length`. */
export function fitLength(samples: Float32Array, length: number): Float32Array {
  const spare = Math.floor(Math.abs(samples.length - length) / 2);
  if (samples.length >= length) return samples.subarray(spare, spare + length);
  const fitted = new Float32Array(length);
  fitted.set(samples, spare);
  return fitted;
}

/** A function that computes what a model takes, [height, width], of exactly `length` samples. */
export function featuresOf(shape: SoundShape): (samples: Float32Array) => Float32Array {
  return shape.features === "waveform" ? (samples) => samples : logMelOf(shape);
}

/** What a model takes of a sound of any rate and length. @throws RangeError */
export function soundFeatures(sound: Sound, shape: SoundShape): Float32Array {
  return featuresOf(shape)(fitLength(resample(sound, shape.sampleRate).samples, shape.length));
}
