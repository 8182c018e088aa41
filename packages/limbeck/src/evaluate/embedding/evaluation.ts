import type { MeasuredOn } from "../../support/measured-on.js";
import type { EvaluatedData, EvaluationSettings, ModelCost } from "../evaluation.js";
import type { Estimate } from "../intervals.js";

/** Everything that an evaluation of models that embed measured; plain data. Keys are only ever added within one `format`. */
export interface EmbeddingEvaluation {
  readonly format: 1;
  readonly task: "embedding";
  /** Without classes where the samples have none. */
  readonly data: EvaluatedData;
  readonly settings: EvaluationSettings;
  /** Name of the model that the others are compared with. */
  readonly reference: string;
  /** Samples among which neighbors are looked for, and what guessing finds of them. */
  readonly retrieval: { readonly samples: number; readonly chance1: number; readonly chance10: number };
  /** In the order in which they were named. */
  readonly models: readonly EmbeddedModel[];
  readonly environment: MeasuredOn;
}

/** Whether an evaluation is one of embeddings. */
export function areEmbedded<Classes>(evaluation: Classes | EmbeddingEvaluation): evaluation is EmbeddingEvaluation {
  return typeof evaluation === "object" && evaluation !== null && "task" in evaluation;
}

/** What was measured of one model that embeds. */
export interface EmbeddedModel {
  readonly name: string;
  readonly path: string;
  /** Of the file, and of those that it keeps its numbers in. */
  readonly sha256: string;
  readonly answers: "embedding";
  /** Numbers of an embedding. */
  readonly dimensions: number;
  /** Null where the samples have no classes. */
  readonly neighbors: NeighborClasses | null;
  /** Null for the reference itself. */
  readonly comparison: EmbeddingComparison | null;
  /** Null where it was left out, and of rows. */
  readonly robustness: EmbeddingRobustness | null;
  /** Null where it was left out. */
  readonly cost: ModelCost | null;
}

/** How often the nearest other samples vote for a sample's own class. */
export interface NeighborClasses {
  /** Samples that were asked about, each among all others of them. */
  readonly samples: number;
  /** Neighbors that vote. */
  readonly voters: number;
  readonly errors: number;
  /** Share of samples whose neighbors are right, with Wilson's interval. */
  readonly accuracy: Estimate;
  /** The same less the reference's, paired bootstrap; null for the reference. */
  readonly difference: Estimate | null;
}

/** A model's embeddings beside the reference's, of the same samples; bootstrap intervals. */
export interface EmbeddingComparison {
  /** Mean cosine; null where widths differ. */
  readonly cosine: Estimate | null;
  /** Mean squared difference of a number of the two; null where widths differ. */
  readonly squaredError: Estimate | null;
  /** Mean squared distance, as a share of that of the reference's embeddings from their mean; null where widths differ. */
  readonly relativeError: Estimate | null;
  /** Share of the reference's nearest neighbors (one, and ten) that are as near for the model; null where all vectors are one. */
  readonly recall1: Estimate | null;
  readonly recall10: Estimate | null;
  readonly moved: Moved;
}

/** Samples whose embeddings differ most from the reference's. */
export interface Moved {
  /** The lowest cosines; or where widths differ, the smallest shares of the ten nearest neighbors that are found again. */
  readonly by: "cosine" | "recall10";
  readonly samples: readonly MovedSample[];
}

export interface MovedSample {
  /** Position in the data set. */
  readonly index: number;
  /** Null where there are no classes. */
  readonly label: number | null;
  readonly value: number;
  /** Position of its nearest neighbor, by the model and by the reference; null where there is no other sample. */
  readonly nearest: number | null;
  readonly reference: { readonly nearest: number | null };
}

/** Mean cosines on changed images. */
export interface EmbeddingRobustness {
  /** Samples that were changed: all, or some that were drawn. */
  readonly samples: number;
  /** To the reference, on these as they are; null for the reference, and where widths differ. */
  readonly clean: number | null;
  /** The same, of all changes and severities; null likewise. */
  readonly mean: number | null;
  /** To the model's own embeddings of the images as they are, of all changes and severities. */
  readonly kept: number;
  readonly changes: readonly {
    readonly name: string;
    /** What it does, and what its strengths are. */
    readonly meaning: string;
    /** From the weakest to the strongest. */
    readonly severities: readonly EmbeddingSeverity[];
  }[];
}

/** Mean cosines at one severity. */
export interface EmbeddingSeverity {
  readonly strength: string;
  /** To the reference's embeddings of the same changed images; null likewise. */
  readonly cosine: number | null;
  /** To the model's own embeddings of the images as they are. */
  readonly kept: number;
}
