import type { DataQuality, Duplicates } from "../evaluate/data-quality.js";
import type { DistillTerm, TrainOptions } from "../recipe/schema.js";

/** What a teacher's answers to some samples are like. */
export interface AnswerFacts {
  readonly samples: number;
  /** Share of samples on which the top class is the label. */
  readonly accuracy: number;
  /** Mean probability of the top class at temperature 1. */
  readonly confidence: number;
  /** Probability of the top class that one answer of a hundred exceeds. */
  readonly ceiling: number;
  /** Probability of the top class in the middle of all answers. */
  readonly middle: number;
  /** Expected calibration error. */
  readonly ece: number;
  /** Mean entropy at temperature 1, in nats. */
  readonly entropy: number;
  /** The same as a share of the most that so many classes can have, 0 … 1. */
  readonly relativeEntropy: number;
  /** Mean over samples of the logits' standard deviation (n - 1). */
  readonly logitSpread: number;
  /**
   * Median over samples of the standard deviation of all logits but the largest, as a share of how far that is from their mean.
   * Null for two classes.
   */
  readonly tailSpread: number | null;
}

/** Temperatures by how soft the answers to the transfer set are, 1 or more. */
export interface TemperatureFacts {
  /** Where the mean entropy is 10 % of the most that there can be: below, answers say little more than labels. */
  readonly lowest: number;
  /** Where it is 30 %. */
  readonly suggested: number;
  /** Where it is 75 %: above, answers are hard to tell apart. */
  readonly highest: number;
}

export interface NetworkFacts {
  readonly family: string;
  readonly parameters: number;
  /** Multiply-accumulate pairs for one image. */
  readonly macs: number;
}

/** How a trained student answers. */
export interface StudentFacts {
  /** Share of samples on which its top class is the teacher's. */
  readonly agreement: Seen;
  /** Mean KL(teacher ‖ student) at temperature 1, in nats. */
  readonly kl: Seen;
  readonly accuracy: Seen;
  readonly logitSpread: number;
  /** Held-out errors along training, in order; those epochs in which they were counted. */
  readonly curve: readonly { readonly epoch: number; readonly errors: number }[];
}

/** A figure on the transfer set, and on samples that no student has seen. */
export interface Seen {
  readonly transfer: number;
  readonly heldOut: number;
}

/** How many samples a class has. */
export interface ClassSize {
  readonly name: string;
  readonly samples: number;
}

/** All that advice is drawn from. */
export interface Findings {
  readonly classes: number;
  readonly teacher: NetworkFacts & {
    readonly transfer: AnswerFacts;
    readonly heldOut: AnswerFacts;
    readonly temperature: TemperatureFacts;
    /** Whether the recipe says that it learned from mixed images. */
    readonly isMixed: boolean;
  };
  readonly student: NetworkFacts;
  readonly transferSet: {
    readonly samples: number;
    /** Names of classes without a sample. */
    readonly absent: readonly string[];
    readonly largest: ClassSize;
    /** Of the classes that have samples. */
    readonly smallest: ClassSize;
  };
  /** Held-out samples among those that the teacher may learn from; all of them were looked at. */
  readonly duplicates: Duplicates;
  /** Labels that the teacher contradicts, of the samples that it was asked about: of the transfer set, and held out. */
  readonly labels: DataQuality["labels"];
  readonly terms: readonly DistillTerm[];
  readonly train: TrainOptions;
  /** Whether the run corrects biases of absent classes in a variant. */
  readonly correctsBiases: boolean;
  /** Missing until the run is done. */
  readonly trained: StudentFacts | null;
  /** Accuracy of the student without a teacher; null where none was trained. */
  readonly baselineAccuracy: number | null;
}

/** How many times the student's weights the teacher has. */
export function weightRatio({ teacher, student }: Findings): number {
  return teacher.parameters / student.parameters;
}
