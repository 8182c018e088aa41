import type { RandomStream } from "@limbeck/graph";
import { z } from "zod";
import type { OptionsSchema } from "../../support/options.js";
import type { ImageGeometry } from "../dataset.js";

/**
 * Mixes one image of a batch with another, in place: reads `other[from …]`, reads and writes `images[to …]`, both
 * `[channels, height, width]`. Must not allocate, and must draw all that is random from `random`.
 * @param random the same numbers for every image of a batch, where the options say so
 * @returns the share of the image at `to` in what it has become, and in its label
 */
export type PairChange = (
  images: Float32Array,
  to: number,
  other: Float32Array,
  from: number,
  geometry: ImageGeometry,
  random: RandomStream,
) => number;

/** Options that every mixing has. */
export interface MixingOptions {
  /** Both parameters of the Beta distribution that the share is drawn from. Default 1: uniform. */
  readonly alpha: number;
  /** Share of images, or of batches, that are mixed. Default 1. */
  readonly p: number;
  /** What is drawn anew for each image or for each batch: share, place, and whether to mix at all. Default "image". */
  readonly per: "image" | "batch";
}

/** An augmentation that mixes pairs of images, and their labels with them. */
export interface Mixing<Options extends MixingOptions = MixingOptions> {
  readonly name: string;
  /** One line for people. */
  readonly summary: string;
  readonly options: OptionsSchema<Options>;
  prepare(options: Options): PreparedMixing;
}

/** A mixing with its options. */
export interface PreparedMixing {
  readonly change: PairChange;
  readonly p: number;
  readonly per: MixingOptions["per"];
}

/** The options of {@link MixingOptions}. */
export const mixingOptions = z.strictObject({
  alpha: z.number().positive().max(1000).default(1).meta({
    description: "The share is drawn from Beta(alpha, alpha): 1 is uniform, less keeps most images nearly whole.",
  }),
  p: z.number().min(0).max(1).default(1).meta({ description: "Share of images, or of batches, that are mixed." }),
  per: z.enum(["image", "batch"]).default("image").meta({
    description:
      "Whether the share is drawn for each image, as the papers write it, or for each batch, as their code does.",
  }),
});
