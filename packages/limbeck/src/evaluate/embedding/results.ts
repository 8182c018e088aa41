import type { Interval } from "../intervals.js";
import type { ModelCosts, Spread } from "../results.js";

/** Mean and deviation over seeds, and the 95 % interval of the mean over samples (bootstrap of the samples). */
export interface Measure extends Spread, Interval {}

/** How like the teacher's embedding a model's is, on held-out samples. */
export interface EmbeddingMeasures {
  /** Mean cosine to the teacher's; null where widths differ. */
  readonly cosine: Measure | null;
  /** Mean squared difference of a number of the two; null where widths differ. */
  readonly squaredError: Measure | null;
  /** The same as a share of what the teacher's mean over the test samples makes: 0 is a perfect copy; null where widths differ. */
  readonly relativeError: Measure | null;
  /**
   * Of each sample's nearest neighbors by the teacher (cosine), the share that is among as many nearest ones by the model: of the 1
   * and of the 10 nearest; null where all vectors are one.
   */
  readonly recall1: Measure | null;
  readonly recall10: Measure | null;
}

/** What was measured of a student, over all its seeds. */
export interface EmbeddingModelResult extends EmbeddingMeasures, ModelCosts {}

/** What a student's figures are to be compared with. */
export interface EmbeddingControl extends EmbeddingMeasures {
  readonly name: "untrained" | "linear" | "mean";
  /** What it is, in a sentence without its period. */
  readonly description: string;
}

/** A variant of the student: another schedule, transfer set or loss. */
export interface EmbeddingVariant {
  readonly name: string;
  readonly description: string;
  readonly epochs: number;
  readonly transferSize: number;
  readonly student: EmbeddingModelResult;
}

/** Everything that a run measured whose task is embedding. */
export interface EmbeddingResults {
  readonly task: "embedding";
  /** Numbers of an embedding. */
  readonly dimensions: { readonly teacher: number; readonly student: number };
  readonly testSize: number;
  /** Test samples among which neighbors are looked for, and what guessing finds of them. */
  readonly retrieval: { readonly samples: number; readonly chance1: number; readonly chance10: number };
  readonly teacher: ModelCosts;
  readonly student: EmbeddingModelResult;
  readonly controls: readonly EmbeddingControl[];
  readonly variants: readonly EmbeddingVariant[];
  /** What came of it, in a sentence or two. */
  readonly summary: string;
}
