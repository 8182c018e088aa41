import type { Tensor } from "@limbeck/graph";
import type { InitialValues } from "../models/initial.js";
import type { Layers } from "../models/layers.js";
import type { OptionsSchema } from "../support/options.js";
import type { TermSchedule } from "./schedule.js";

/** What a loss looks at: answers, values inside of the networks, or relations between samples, or explanations. */
export type LossFamily = "response" | "feature" | "relation" | "explanation";

/**
 * What a loss may look at or keep. "features" is one pair of tapped values, "pairs of features" is several, from the
 * input to the output; "student features" are several of the student's alone; "teacher normalization" is the batch normalization that the teacher's tap comes from; "linear heads" are last feature maps and the weights of the layer behind their average; "input gradients" are those of both networks' answers by the images; "progress" is how far the training is; "same-class pair" is the student's answer to another sample of each one's class; "adapters" are weights of its own that train with the student.
 */
export type LossNeed =
  | "labels"
  | "targets"
  | "teacher logits"
  | "features"
  | "pairs of features"
  | "student features"
  | "teacher normalization"
  | "linear heads"
  | "input gradients"
  | "sample indices"
  | "memory bank"
  | "progress"
  | "same-class pair"
  | "adapters";

/** Values tapped at corresponding places, [N, …] each; no gradient flows into the teacher's. */
export interface FeaturePair {
  readonly student: Tensor;
  readonly teacher: Tensor;
  /** Of the batch normalization that the teacher's comes from: standard deviations and means of its channels, [C]. */
  readonly teacherNorm?: Normalization | undefined;
}

/** What a batch normalization multiplies by, and adds. */
export interface Normalization {
  readonly weight: Tensor;
  readonly bias: Tensor;
}

/** The end of a network that averages its last feature maps over places and applies one linear layer. */
export interface LinearHead {
  /** [N, C, H, W] */
  readonly maps: Tensor;
  /** Of the linear layer, [K, C]. */
  readonly weight: Tensor;
  /** Of the linear layer, [K]. */
  readonly bias?: Tensor | undefined;
}

/** A teacher's linear layer, which a student takes over as it is, and the maps that it was trained on. */
export interface TeacherEnd extends Omit<LinearHead, "maps"> {
  /** [C, H, W] */
  readonly maps: readonly number[];
}

/**
 * What a loss keeps beside the student: declared in the training graph, saved in checkpoints, gone when the student is
 * exported. Names need to be unique within the loss only.
 */
export interface LossStore {
  /** A trained tensor, such as an adapter's weights. */
  parameter(name: string, shape: readonly number[], init: InitialValues): Tensor;
  /** A tensor carried from step to step without gradient, such as running statistics or a memory bank. */
  buffer(name: string, shape: readonly number[], init: InitialValues): Tensor;
  /** Sets a buffer's value after the step. */
  carry(buffer: Tensor, next: Tensor): void;
  /**
   * Replaces rows of a buffer after the step; the others are not even copied.
   * @param rows int64 [R]; of a row that is named twice the last value stays
   * @param values [R, …]
   */
  carryRows(buffer: Tensor, rows: Tensor, values: Tensor): void;
}

/** The second labels of mixed images (mixup, CutMix). */
export interface MixedLabels {
  /** Class numbers, int64 [N]. */
  readonly labels: Tensor;
  /** What the first labels count, [N, 1]; the second count the rest. */
  readonly share: Tensor;
}

/** What a teacher of some classes says of a batch; no gradient flows into it. */
export interface SpecialistAnswer {
  /** The classes that it tells apart, in the order of its logits. */
  readonly classes: readonly number[];
  /** [N, classes.length] */
  readonly logits: Tensor;
  /** Logarithm of how much it counts for each sample, [N, 1] or [1, 1]; shares add up to 1. */
  readonly logShare: Tensor;
}

/** Tensors of one batch. What a loss needs is there; what it does not need may be missing. */
export interface LossContext {
  /** Student's logits [N, K]. */
  readonly logits: Tensor;
  /** Class numbers, int64 [N]. */
  readonly labels?: Tensor | undefined;
  /** Where images are mixed; only a loss with {@link Loss.mixes} meets it. */
  readonly mixed?: MixedLabels | undefined;
  /** Numbers to predict, [N, K]; of a classification, the share of each class in the label. */
  readonly targets?: Tensor | undefined;
  /** Teacher's logits [N, K]; no gradient flows into them. */
  readonly teacherLogits?: Tensor | undefined;
  /** Those whose answers `teacherLogits` merges; missing where one teacher knows all classes. */
  readonly specialists?: readonly SpecialistAnswer[] | undefined;
  /** From the input to the output; one pair for a loss that needs "features". */
  readonly features?: readonly FeaturePair[] | undefined;
  /** Values tapped in the student alone, from the input to the output, [N, …] each. */
  readonly studentFeatures?: readonly Tensor[] | undefined;
  /** The ends of both networks; no gradient flows into the teacher's. */
  readonly heads?: { readonly student: LinearHead; readonly teacher: LinearHead } | undefined;
  /** Gradients of the answers by the images, [N, C, H, W] each; no gradient flows into the teacher's. */
  readonly saliency?: FeaturePair | undefined;
  /** Places of the samples in the transfer set, int64 [N]. */
  readonly sampleIndices?: Tensor | undefined;
  /** Samples of the transfer set: the rows of a memory bank. */
  readonly sampleCount?: number | undefined;
  /** Class numbers of all samples of the transfer set, int64 [sampleCount], for losses with a "memory bank" and "labels". */
  readonly sampleLabels?: Tensor | undefined;
  /** The running epoch, from 1, as a share of all; a scalar. */
  readonly progress?: Tensor | undefined;
  /** Student's logits of another sample of the same class for each sample, [N, K]. */
  readonly partnerLogits?: Tensor | undefined;
  /** Where "adapters" and a "memory bank" are declared. */
  readonly store?: LossStore | undefined;
}

/** What tells one sample from others: two samples in one have none of it. */
const OF_ONE_SAMPLE: readonly LossNeed[] = ["labels", "targets", "sample indices", "same-class pair"];

/** What only a teacher can give. */
const OF_A_TEACHER: readonly LossNeed[] = [
  "teacher logits",
  "features",
  "pairs of features",
  "teacher normalization",
  "linear heads",
  "input gradients",
];

/** Whether a loss compares with a teacher. */
export function asksTeacher({ needs }: Loss): boolean {
  return OF_A_TEACHER.some((need) => needs.includes(need));
}

/** Whether a loss is defined where images are mixed. */
export function mixesSamples({ needs, mixes }: Loss): boolean {
  return mixes ?? !OF_ONE_SAMPLE.some((need) => needs.includes(need));
}

/** A method: a record and a pure function of tensors. */
export interface Loss<Options = unknown> {
  /** As recipes and `limbeck methods` call it. */
  readonly name: string;
  readonly family: LossFamily;
  /** What the student is asked for, in a sentence. */
  readonly description: string;
  /** Formula in words. */
  readonly formula: string;
  /** When to use it, and when not. */
  readonly use: string;
  readonly source: string;
  readonly needs: readonly LossNeed[];
  /** Whether it is defined where a sample has two labels (mixup, CutMix). Default: where it looks at no labels. */
  readonly mixes?: boolean;
  /** Whether a class that the teacher holds for impossible, with a logit far below all others, would drown everything else. */
  readonly everyClass?: boolean;
  /**
   * The temperature at which its gradient is linear in the teacher's softened probabilities, so that an unbiased estimate of
   * them gives unbiased gradients. Default: there is none.
   */
  readonly linearAt?: (options: Options) => number;
  readonly options: OptionsSchema<Options>;
  /** The term's usual weight, converted to this library's convention. Default 1. */
  readonly weight?: number;
  /** How the weight changes during training, where that is part of the method. */
  readonly schedule?: TermSchedule;
  /** The `distill` section of a recipe that uses it. */
  readonly recipe: string;
  /**
   * Where the student is deployed with something of the method: its logits [N, K] then, from its last maps [N, C, H, W].
   * They take the place of the student's own, in training, evaluation and export, and all other terms see them as well.
   * What `layers` is asked for becomes part of the student; the teacher's weights become part of it unchanged.
   */
  deploy?(layers: Layers, maps: Tensor, teacher: TeacherEnd, options: Options): Tensor;
  /** One number: summed over classes or features, averaged over samples. */
  compute(context: LossContext, options: Options): Tensor;
}
