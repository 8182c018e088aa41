import type { Duplicates } from "../../evaluate/data-quality.js";
import type { DistillTerm, TrainOptions } from "../../recipe/schema.js";
import type { NetworkFacts, Seen } from "../facts.js";

/** What embeddings of some samples are like. */
export interface VectorFacts {
  readonly samples: number;
  /** Mean cosine of an embedding to the mean of all: what always answering with that earns. */
  readonly toMean: number;
}

/** How like the teacher's a trained student's embeddings are; null where widths differ. */
export interface EmbeddingStudentFacts {
  readonly cosine: Seen | null;
  /** As a share of what the mean of the teacher's embeddings makes. */
  readonly relativeError: Seen | null;
  /** Share of the ten nearest neighbors by the teacher that are found again. */
  readonly recall10: Seen | null;
  /** Of held-out samples. */
  readonly heldOut: VectorFacts;
  /** Held-out cosine along training, in order; those epochs in which it was measured. */
  readonly curve: readonly { readonly epoch: number; readonly cosine: number }[];
}

/** All that advice is drawn from where the task is embedding. */
export interface EmbeddingFindings {
  readonly task: "embedding";
  readonly teacher: NetworkFacts & {
    readonly dimensions: number;
    readonly transfer: VectorFacts;
    readonly heldOut: VectorFacts;
  };
  readonly student: NetworkFacts & { readonly dimensions: number };
  readonly transferSet: { readonly samples: number };
  /** Held-out samples among those that may be learned from; all of them were looked at. */
  readonly duplicates: Duplicates;
  readonly terms: readonly DistillTerm[];
  readonly train: TrainOptions;
  /** What guessing finds of the ten nearest neighbors. */
  readonly chance10: Seen;
  /** Missing until the run is done. */
  readonly trained: EmbeddingStudentFacts | null;
}
