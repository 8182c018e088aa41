import type { Split } from "../data/dataset.js";
import { buildModel, type ModelChoice } from "../models/index.js";
import type { Model } from "../models/model.js";
import type { ModelOptions, Recipe } from "../recipe/schema.js";
import type { TeacherOutputs } from "../teachers/outputs.js";
import type { Parameters } from "../train/checkpoints.js";
import type { Arm } from "./arms.js";
import type { RunFolder } from "./folder.js";
import type { RunSamples } from "./samples.js";

/** What all phases of a run share. */
export interface RunContext {
  readonly recipe: Recipe;
  readonly folder: RunFolder;
  readonly samples: RunSamples;
  readonly threads: number;
  readonly signal: AbortSignal;
  readonly checkpointSeconds: number;
}

/** A trained and exported teacher. */
export interface TrainedTeacher {
  readonly model: Model;
  readonly parameters: Parameters;
  readonly file: Uint8Array;
  /** Answers to every training sample; missing where no student needs them. */
  readonly outputs: TeacherOutputs | undefined;
}

/** An arm with the parameters that each seed ended with. */
export interface TrainedArm {
  readonly arm: Arm;
  /** As it is judged and exported: with what a method deploys beside the student. */
  readonly model: Model;
  readonly transfer: Split;
  readonly seeds: readonly { readonly seed: number; readonly parameters: Parameters }[];
}

/** The model that a recipe describes, for this run's images and classes. */
export function modelFor({ samples }: RunContext, options: ModelOptions): Model {
  const { dataset } = samples.train;
  return buildModel(options as ModelChoice, dataset, dataset.classes.length);
}
