import { soundFeatures, soundSize } from "../../data/audio/signal/features.js";
import { decodeWav, type Sound } from "../../data/audio/signal/wav.js";
import { SOUND } from "./facts.js";
import { type ModelInput, type Ort, open } from "./open.js";
import { type Options, SamplePredictor } from "./predictor.js";

/** A sound: the content of a WAV file, or its samples with their rate, or samples that have the model's rate already. */
export type Heard = Uint8Array | ArrayBuffer | Blob | Sound | Float32Array;

/**
 * Opens the model.
 * @param ort `onnxruntime-node` or `onnxruntime-web`
 * @param model path or URL of `onnx/model.onnx` or one of its variants, or the file's bytes
 */
export async function load(ort: Ort, model: string | Uint8Array, options: Options = {}): Promise<Predictor> {
  return new Predictor(ort, await open(ort, model, options.session ?? {}));
}

/** A model of sounds, ready to answer. */
export class Predictor extends SamplePredictor<Heard> {
  protected async inputOf(sounds: readonly Heard[]): Promise<ModelInput> {
    const [height, width] = soundSize(SOUND);
    const values = new Float32Array(sounds.length * height * width);
    for (const [i, sound] of sounds.entries()) values.set(await this.prepare(sound), i * height * width);
    return ["sounds", values, [sounds.length, 1, height, width]];
  }

  /** What the model takes of a sound, as {@link preprocess}. */
  async prepare(sound: Heard): Promise<Float32Array> {
    return preprocess(await soundOf(sound));
  }
}

/**
 * What the model takes of one channel of samples, -1 … 1: brought to its rate, the middle of them or as much silence on both
 * sides, and then logarithms of the power in bands [bands, times], or the samples.
 * @throws RangeError for a sample that is no number
 */
export function preprocess({ samples, sampleRate }: Sound): Float32Array {
  if (!(sampleRate > 0) || !samples.every(Number.isFinite)) {
    throw new RangeError("a sound is finite samples, -1 … 1, and how many of them are a second");
  }
  return soundFeatures({ samples, sampleRate }, SOUND);
}

async function soundOf(sound: Heard): Promise<Sound> {
  if (sound instanceof Float32Array) return { samples: sound, sampleRate: SOUND.sampleRate };
  if ("sampleRate" in sound) return sound;
  const bytes = sound instanceof Blob ? await sound.arrayBuffer() : sound;
  return decodeWav(bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes), SOUND.channel);
}
