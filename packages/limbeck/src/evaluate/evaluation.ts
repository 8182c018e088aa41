import type { SampleName } from "../data/dataset.js";
import type { MeasuredOn } from "../support/measured-on.js";
import type { Calibration } from "./calibration.js";
import type { Estimate } from "./intervals.js";

/** Everything that an evaluation measured; plain data. Keys are only ever added within one `format`. */
export interface Evaluation {
  readonly format: 1;
  readonly data: EvaluatedData;
  readonly settings: EvaluationSettings;
  /** Name of the model that the others are compared with. */
  readonly reference: string;
  /** In the order in which they were named. */
  readonly models: readonly EvaluatedModel[];
  readonly environment: MeasuredOn;
}

/** What the models were asked about. */
export interface EvaluatedData {
  readonly source: string;
  readonly kind: SampleName;
  readonly samples: number;
  readonly classes: readonly string[];
}

/** What of an evaluation can be set, with defaults filled in. */
export interface EvaluationSettings {
  /** Of draws, halves and corruptions. Default 1. */
  readonly seed: number;
  /** Draws of the bootstrap. Default 1,000. */
  readonly resamples: number;
  /** Threads that are meant by "all". Default: all processors. */
  readonly threads: number;
  /** Samples at once, where throughput is measured. Default 32. */
  readonly batch: number;
  /** Parts that were left out. */
  readonly skip: readonly EvaluationPart[];
}

/** Parts of an evaluation that take their time, and can be left out. */
export const EVALUATION_PARTS = ["robustness", "cost"] as const;

export type EvaluationPart = (typeof EVALUATION_PARTS)[number];

/** What was measured of one model. */
export interface EvaluatedModel {
  readonly name: string;
  readonly path: string;
  /** Of the file, and of those that it keeps its numbers in. */
  readonly sha256: string;
  /** Whether its output was taken for logits or for probabilities. */
  readonly answers: "logits" | "probabilities";
  readonly task: TaskScores;
  readonly calibration: Calibration;
  /** Null for the reference itself. */
  readonly comparison: ReferenceComparison | null;
  /** Wrong answers, the most confident first. */
  readonly mistakes: readonly JudgedSample[];
  /** Null where it was left out, and of rows. */
  readonly robustness: Robustness | null;
  /** Null where it was left out. */
  readonly cost: ModelCost | null;
}

export interface TaskScores {
  readonly errors: number;
  /** Share of right answers, with Wilson's interval. */
  readonly accuracy: Estimate;
  /** Mean recall of the classes that have samples; bootstrap. */
  readonly balancedAccuracy: Estimate;
  /** Mean F1 of the classes that are true or predicted somewhere; bootstrap. */
  readonly macroF1: Estimate;
  /** Share of samples whose class is among the five likeliest, with Wilson's interval; null with fewer than 10 classes. */
  readonly top5: Estimate | null;
  readonly classes: readonly ClassScores[];
  /** Rows are true classes, columns are predictions. */
  readonly confusion: readonly (readonly number[])[];
}

export interface ClassScores {
  readonly name: string;
  /** Samples of the class, and samples that are said to be. */
  readonly samples: number;
  readonly predicted: number;
  /** Share of what is said to be of the class that is, with Wilson's interval; null where nothing is. */
  readonly precision: Estimate | null;
  /** Share of the class's samples that are found, with Wilson's interval; null where there are none. */
  readonly recall: Estimate | null;
  /** Null where the class is neither true nor predicted anywhere. */
  readonly f1: number | null;
}

/** A model beside the reference, on the same samples. */
export interface ReferenceComparison {
  /** Accuracy less the reference's, paired bootstrap. */
  readonly accuracyDifference: Estimate;
  /** The exact test of McNemar 1947 on samples that only one of the two gets right; `significant` at 0.05. */
  readonly mcnemar: { readonly pValue: number; readonly significant: boolean };
  /** Share of samples with the reference's top class, with Wilson's interval. */
  readonly agreement: Estimate;
  /** Mean KL(reference ‖ model) at temperature 1, in nats; bootstrap. */
  readonly kl: Estimate;
  readonly churn: Churn;
}

/** What a model has forgotten of what the reference knows, and what it knows better. */
export interface Churn {
  /** Samples that the reference gets right and the model wrong. */
  readonly forgotten: number;
  /** Samples that the model gets right and the reference wrong. */
  readonly learned: number;
  /** Samples that both get wrong, with other classes. */
  readonly wrongOtherwise: number;
  readonly classes: readonly {
    readonly name: string;
    readonly samples: number;
    readonly forgotten: number;
    readonly learned: number;
  }[];
  /** Forgotten samples, those that the model is most confident about first. */
  readonly worst: readonly JudgedSample[];
}

/** A sample and what is said of it. */
export interface JudgedSample {
  /** Position in the data set. */
  readonly index: number;
  readonly label: number;
  readonly predicted: number;
  /** Probability of the predicted class. */
  readonly confidence: number;
  /** The reference's answer. */
  readonly reference: { readonly predicted: number; readonly confidence: number };
}

export interface Robustness {
  /** Samples that were changed: all, or some that were drawn. */
  readonly samples: number;
  /** Accuracy on these as they are. */
  readonly clean: number;
  /** Mean accuracy over all changes and severities. */
  readonly mean: number;
  readonly changes: readonly {
    readonly name: string;
    /** What it does, and what its strengths are. */
    readonly meaning: string;
    /** From the weakest to the strongest. */
    readonly severities: readonly { readonly strength: string; readonly accuracy: number }[];
  }[];
}

export interface ModelCost {
  /** The file and those that it keeps its numbers in, as they are and after gzip (level 6). */
  readonly bytes: number;
  readonly gzipBytes: number;
  /** Null where the graph import cannot read the model. */
  readonly parameters: number | null;
  /** Multiply-accumulate pairs for one sample; null likewise. */
  readonly macs: number | null;
  /** Why some of the two are null, or which nodes the figures leave out. */
  readonly note: string | null;
  /** One sample at a time. */
  readonly latency: readonly { readonly threads: number; readonly p50Ms: number; readonly p95Ms: number }[];
  /** Many samples at once. */
  readonly throughput: readonly {
    readonly threads: number;
    /** Samples at once: fewer than were asked for where the file takes no more. */
    readonly batch: number;
    readonly samplesPerSecond: number;
  }[];
  /** Peak resident memory of a fresh process that loads the model and answers at batch 1. */
  readonly peakMemoryBytes: number;
}

/** What an evaluation tells while it works. */
export type EvaluationEvent =
  | { readonly type: "evaluation-start"; readonly phases: readonly { readonly id: string; readonly label: string }[] }
  | { readonly type: "phase-start"; readonly phase: string }
  | {
      readonly type: "progress";
      readonly phase: string;
      readonly step: number;
      readonly totalSteps: number;
      readonly loss: null;
      readonly stepsPerSecond: number;
      /** What a step is. */
      readonly unit: string;
    }
  | { readonly type: "phase-end"; readonly phase: string; readonly seconds: number; readonly reused: false };
