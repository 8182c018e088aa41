import { z } from "zod";
import type { SoundShape } from "../data/audio/signal/features.js";
import { sampleName } from "../data/dataset.js";
import type { Recipe } from "../recipe/schema.js";
import { isDecoded } from "../recipe/source.js";
import type { RunSamples } from "./samples.js";

const count = z.int().positive();

const soundSchema = z.object({
  sampleRate: count,
  length: count,
  features: z.enum(["log-mel", "waveform"]),
  mels: count,
  window: count,
  hop: count,
  channel: z.enum(["mix", "first"]),
}) satisfies z.ZodType<SoundShape>;

export const sampleFactsSchema = z.object({
  kind: z.enum(["image", "row", "window", "sound"]),
  channels: z.int().positive(),
  height: z.int().positive(),
  width: z.int().positive(),
  classes: z.array(z.string()).min(1),
  /** Of images that were brought to their size: what became of other shapes. Default: stretch. */
  fit: z.enum(["cover", "contain", "stretch"]).optional(),
  /** Of rows and windows: one for each channel. */
  columns: z.array(z.string()).optional(),
  /** Of sounds: what samples were made of. */
  sound: soundSchema.optional(),
  /** For people: the data set's name, or the files' paths. */
  source: z.string(),
  trainSize: z.int(),
  testSize: z.int(),
});

/** What a run's models take and answer, for whoever has the run folder but not the data. */
export type SampleFacts = z.infer<typeof sampleFactsSchema>;

export function sampleFacts({ train, test, source }: RunSamples, { data }: Pick<Recipe, "data">): SampleFacts {
  const { channels, height, width, classes, columns, sound } = train.dataset;
  return {
    kind: sampleName(train.dataset),
    channels,
    height,
    width,
    ...(isDecoded(data.source) ? { fit: data.source.fit } : {}),
    classes: [...classes],
    ...(columns && !sound ? { columns: [...columns] } : {}),
    ...(sound ? { sound } : {}),
    source,
    trainSize: train.indices.length,
    testSize: test.indices.length,
  };
}
