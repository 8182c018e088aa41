import type { Model, ModelValues } from "../models/model.js";
import type { SchemeChoice } from "../recipe/schemes/index.js";
import type { ControlImages } from "./data-free/images.js";
import type { ImageSource, SourceOptions } from "./data-free/source.js";
import type { TrainingJob } from "./job.js";
import type { OfflineOptions } from "./offline.js";

/** What a scheme wires together, with what the recipe says of the scheme beside its name. */
export interface SchemeOptions extends OfflineOptions {
  readonly options: Omit<SchemeChoice, "name">;
  /** Of a scheme that generates images: what is seen in their place. */
  readonly control?: ControlImages | undefined;
  /** Of a scheme with a {@link Wiring.pretraining}: what that has found. */
  readonly pretrained?: ModelValues | undefined;
}

/** A training without labels that comes before the one with labels. */
export interface Pretraining {
  readonly job: TrainingJob;
  /** Answers with features [N, width] in the place of logits. */
  readonly features: Model;
  /** Its values, of all of the training's. */
  values(all: ModelValues): ModelValues;
}

/** What the graph depends on. */
export type GraphOptions = Pick<
  SchemeOptions,
  "model" | "split" | "train" | "terms" | "liveTeacher" | "options" | "control"
>;

/** How a scheme makes a training of models and losses. */
export interface Wiring {
  job(options: SchemeOptions): TrainingJob;
  /** Of a scheme that pretrains: what is trained before, on all images. */
  pretraining?(options: SchemeOptions): Pretraining;
  /** Finds what cannot be trained, from shapes. @throws LimbeckError RECIPE_INVALID, TAP_UNKNOWN, FEATURE_MISMATCH */
  check(options: GraphOptions): void;
  /** Of a scheme that generates images: what makes them. */
  source?(options: SourceOptions): ImageSource;
}
