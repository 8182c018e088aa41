import type { EmbeddingMeasures, Measure } from "../../evaluate/embedding/results.js";
import { fixed, NOTHING, plusMinus } from "../format.js";

/** A column of the tables of embeddings, in terminal, report and model card, and an entry of their glossary. */
export interface EmbeddingMetric {
  readonly label: string;
  /** What it means, in a sentence or two. */
  readonly long: string;
  readonly of: (model: EmbeddingMeasures) => Measure | null;
  /** Whether it is a share, shown in percent. */
  readonly isShare: boolean;
}

/** What is reported of every embedding, in order. */
export const EMBEDDING_METRICS: readonly EmbeddingMetric[] = [
  {
    label: "Cosine",
    long: "Mean cosine of the model's embedding and the teacher's, over held-out samples: 1 is the same direction.",
    of: ({ cosine }) => cosine,
    isShare: false,
  },
  {
    label: "Relative squared error",
    long:
      "Mean squared distance from the teacher's embedding, as a share of what the mean of the teacher's test embeddings makes: 0 is a " +
      "perfect copy, 1 is no better than always the same. It sees lengths, too, which the cosine does not.",
    of: ({ relativeError }) => relativeError,
    isShare: false,
  },
  {
    label: "Nearest neighbor",
    long: "Share of held-out samples whose nearest neighbor (largest cosine, among the others) is the one that the teacher finds.",
    of: ({ recall1 }) => recall1,
    isShare: true,
  },
  {
    label: "Ten nearest",
    long: "Share of the teacher's ten nearest neighbors of a held-out sample that are among the model's ten, on average.",
    of: ({ recall10 }) => recall10,
    isShare: true,
  },
];

/** Mean and deviation over seeds: "0.9123 ± 0.0012". */
export function measureText({ of, isShare }: EmbeddingMetric, model: EmbeddingMeasures): string {
  const measure = of(model);
  if (!measure) return NOTHING;
  return isShare ? `${plusMinus(measure, 2, 100)}%` : plusMinus(measure, 4);
}

/** The interval over samples: "0.9101 to 0.9140". */
export function intervalText({ of, isShare }: EmbeddingMetric, model: EmbeddingMeasures): string {
  const measure = of(model);
  if (!measure) return "";
  return [measure.low, measure.high].map((end) => (isShare ? fixed(end * 100, 2) : fixed(end, 4))).join(" to ");
}
