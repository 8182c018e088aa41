import type { Split } from "../data/dataset.js";
import { buildModel, type ModelChoice } from "../models/index.js";
import type { Model } from "../models/model.js";
import type { ModelOptions, Recipe } from "../recipe/schema.js";
import type { Peer } from "../schemes/job.js";
import type { OnnxTeacher } from "../teachers/onnx/teacher.js";
import type { TeacherOutputs } from "../teachers/outputs.js";
import type { Parameters } from "../train/checkpoints.js";
import type { Arm } from "./arms.js";
import type { FinishedWork } from "./finished-work.js";
import type { RunFolder } from "./folder.js";
import type { RunSamples } from "./samples.js";

/** What all phases of a run share. */
export interface RunContext {
  readonly recipe: Recipe;
  readonly folder: RunFolder;
  readonly samples: RunSamples;
  /** Missing where the run trains its teacher, or has none. */
  readonly onnxTeacher: OnnxTeacher | undefined;
  readonly threads: number;
  /** SHA-256 of the samples. */
  readonly dataSha256: string;
  readonly work: FinishedWork;
  readonly signal: AbortSignal;
  readonly checkpointSeconds: number;
}

/** A trained and exported teacher. */
export interface TrainedTeacher {
  readonly model: Model;
  /** None where the model brings its numbers along. */
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
  /** What learned beside it; its values are among the parameters, with prefixes. */
  readonly peers: readonly Peer[];
  readonly transfer: Split;
  readonly seeds: readonly { readonly seed: number; readonly parameters: Parameters }[];
}

/** The model that a recipe describes, for this run's images and classes. */
export function modelFor({ samples }: RunContext, options: ModelOptions): Model {
  const { dataset } = samples.train;
  return buildModel(options as ModelChoice, dataset, dataset.classes.length);
}
