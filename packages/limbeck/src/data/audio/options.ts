import { z } from "zod";
import { paths } from "../paths.js";
import { frameCount } from "./signal/log-mel.js";

const seconds = z.number().positive().max(3600);

/** What a recipe says of folders of WAV files. */
export const audioFields = {
  audio: paths.meta({
    description:
      "A folder with one folder of WAV files for each class, which it names; or a pattern of such folders, or of files in folders that are called as their class; or several.",
  }),
  test: paths.optional().meta({ description: "The same, of the same classes, for testing." }),
  unlabelled: paths.optional().meta({
    description:
      "A folder of further WAV files, or a pattern of them, or several, of no known class, that the student learns from as the teacher hears them.",
  }),
  duration: seconds.meta({ description: "Seconds that the model hears at once." }),
  sampleRate: z.int().min(1000).max(192_000).default(16_000).meta({
    description: "Samples of a second: all files are brought to it.",
  }),
  longer: z.enum(["center", "windows"]).default("center").meta({
    description: "Of files that last longer, the middle is taken, or one window after another.",
  }),
  step: seconds.optional().meta({
    description: "Seconds from one window to the next. Default: the duration, so that none overlaps.",
  }),
  channel: z.enum(["mix", "first"]).default("mix").meta({
    description: "What becomes of several channels: their mean, or the first one.",
  }),
  features: z.enum(["log-mel", "waveform"]).default("log-mel").meta({
    description: "Logarithms of the power in bands of frequencies over time, or the samples themselves.",
  }),
  mels: z.int().min(4).max(256).default(40).meta({ description: "Bands, evenly spread on HTK's mel scale." }),
  frame: z.number().min(0.001).max(1).default(0.025).meta({
    description: "Seconds that a band's power is measured over, in Hann's window.",
  }),
  hop: z.number().min(0.001).max(1).default(0.01).meta({
    description: "Seconds from one measurement to the next.",
  }),
  corrupt: z.enum(["fail", "skip"]).default("fail").meta({
    description: "What is done about files that cannot be decoded: both list them.",
  }),
};

const fields = z.object(audioFields);

/** How WAV files are read. */
export type AudioOptions = Readonly<Omit<z.output<typeof fields>, "audio" | "test" | "unlabelled" | "corrupt">>;

/** Lengths in samples. */
export function inSamples({ duration, step = duration, frame, hop, sampleRate }: AudioOptions) {
  const samples = (time: number) => Math.max(1, Math.round(time * sampleRate));
  return { length: samples(duration), step: samples(step), window: samples(frame), hop: samples(hop) };
}

/** What of a source's options does not go together: the option, and why. */
export function unfitAudio(options: AudioOptions): [keyof AudioOptions, string][] {
  const { length, window, hop } = inSamples(options);
  const isShort = options.features === "log-mel" && frameCount(length, { window, hop }) === 0;
  return [
    ...(isShort
      ? ([["duration", `a frame of ${options.frame} s does not fit into ${options.duration} s`]] as const)
      : []),
    ...(options.step !== undefined && options.longer !== "windows"
      ? ([["step", "is of windows; set longer to windows, or leave it out"]] as const)
      : []),
  ].map(([option, message]) => [option, message]);
}
