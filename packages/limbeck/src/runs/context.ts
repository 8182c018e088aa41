import type { Split } from "../data/dataset.js";
import { buildModel, type ModelChoice } from "../models/index.js";
import type { Model, ModelValues } from "../models/model.js";
import { isFile, type ModelOptions, type Recipe } from "../recipe/schema.js";
import type { ModelWithExits } from "../schemes/exit-models.js";
import type { Peer } from "../schemes/job.js";
import type { TeacherFunction } from "../teachers/black-box/function.js";
import type { TeacherOutputs } from "../teachers/outputs.js";
import type { Parameters } from "../train/checkpoints.js";
import type { Arm } from "./arms.js";
import type { Link } from "./chain.js";
import type { FinishedWork } from "./finished-work.js";
import type { RunFolder } from "./folder.js";
import { networkOf } from "./networks.js";
import type { RunSamples } from "./samples.js";
import type { ReadyTeacher, RunTeacher } from "./teacher.js";

/** What all phases of a run share. */
export interface RunContext {
  readonly recipe: Recipe;
  readonly folder: RunFolder;
  readonly samples: RunSamples;
  /** The teacher, before anything is trained; missing where the recipe has none. */
  readonly teacher: RunTeacher | undefined;
  readonly threads: number;
  /** SHA-256 of the samples. */
  readonly dataSha256: string;
  readonly work: FinishedWork;
  readonly signal: AbortSignal;
  readonly checkpointSeconds: number;
  /** Who is asked where the recipe's teacher is a function. */
  readonly teacherFunction?: TeacherFunction | undefined;
}

/** A trained and exported teacher. */
export interface TrainedTeacher extends ReadyTeacher {
  /** Answers to every training sample; missing where no student needs them. */
  readonly outputs: TeacherOutputs | undefined;
  /** Of a black box, its logits of the test samples, [samples, classes]: asked before anything is trained. */
  readonly testLogits?: Float32Array;
}

/** The teacher, its members, and what learns from it before the students do. */
export interface TrainedTeachers {
  /** Missing where the recipe has none. */
  readonly teacher: TrainedTeacher | undefined;
  /** Of an ensemble, or specialists; none otherwise. */
  readonly members: readonly ReadyTeacher[];
  readonly links: readonly TrainedLink[];
}

/** A link of the chain between teacher and student. */
export interface TrainedLink {
  readonly link: Link;
  readonly trained: TrainedTeacher;
}

/** An arm with the parameters that each seed ended with. */
export interface TrainedArm {
  readonly arm: Arm;
  /** As it is judged and exported: with what a method deploys beside the student. */
  readonly model: Model;
  /** What learned beside it; its values are among the parameters. */
  readonly peers: readonly Peer[];
  /** Where those are exits of one network, that network. */
  readonly exits?: ModelWithExits | undefined;
  readonly transfer: Split;
  /** Whom it learned from, or would have; missing where the recipe has no teacher. */
  readonly teacher: TrainedTeacher | undefined;
  readonly seeds: readonly SeedResult[];
  /** Where it has learned without labels before, what answers with the features of that. */
  readonly features?: Model | undefined;
}

/** What a seed ended with. */
export interface SeedResult {
  readonly seed: number;
  readonly parameters: Parameters;
  /** Values of the features that it found without labels, before any were there. */
  readonly pretrained?: ModelValues | undefined;
}

/**
 * The model that a recipe describes, for a run's images and classes; files were opened before.
 * @throws LimbeckError RECIPE_INVALID, TEACHER_MISMATCH
 */
export function modelFor({ samples }: Pick<RunContext, "samples">, options: ModelOptions): Model {
  const { dataset } = samples.train;
  if (isFile(options)) return networkOf(samples, options).model(dataset.classes);
  return buildModel(options as ModelChoice, dataset, dataset.classes.length);
}
