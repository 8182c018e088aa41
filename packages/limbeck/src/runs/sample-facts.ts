import { z } from "zod";
import type { SoundShape } from "../data/audio/signal/features.js";
import { sampleName } from "../data/dataset.js";
import type { TextShape } from "../data/texts/encode.js";
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

const textSchema = z.object({ bytes: count, lowercase: z.boolean() }) satisfies z.ZodType<TextShape>;

export const sampleFactsSchema = z.object({
  kind: z.enum(["image", "row", "window", "sound", "text"]),
  channels: z.int().positive(),
  height: z.int().positive(),
  width: z.int().positive(),
  /** None where models answer with embeddings. */
  classes: z.array(z.string()),
  /** How many numbers those have. */
  embedding: z.int().positive().optional(),
  /** Of images that were brought to their size: what became of other shapes. Default: stretch. */
  fit: z.enum(["cover", "contain", "stretch"]).optional(),
  /** Of rows and windows: one for each channel. */
  columns: z.array(z.string()).optional(),
  /** Of sounds: what samples were made of. */
  sound: soundSchema.optional(),
  /** Of texts: what samples were made of. */
  text: textSchema.optional(),
  /** For people: the data set's name, or the files' paths. */
  source: z.string(),
  trainSize: z.int(),
  testSize: z.int(),
});

/** What a run's models take and answer, for whoever has the run folder but not the data. */
export type SampleFacts = z.infer<typeof sampleFactsSchema>;

export function sampleFacts({ train, test, source }: RunSamples, { data }: Pick<Recipe, "data">): SampleFacts {
  const { channels, height, width, classes, embedding, columns, sound, text } = train.dataset;
  return {
    kind: sampleName(train.dataset),
    channels,
    height,
    width,
    ...(isDecoded(data.source) ? { fit: data.source.fit } : {}),
    classes: [...classes],
    ...(embedding === undefined ? {} : { embedding }),
    ...(columns && !sound && !text ? { columns: [...columns] } : {}),
    ...(sound ? { sound } : {}),
    ...(text ? { text } : {}),
    source,
    trainSize: train.indices.length,
    testSize: test.indices.length,
  };
}
