import type { EmbeddingMeasures, Measure } from "../../evaluate/embedding/results.js";
import { fixed, NOTHING, plusMinus } from "../format.js";
import { html, type Markup } from "../html.js";

/** A column of the tables of embeddings, and an entry of their glossary. */
export interface EmbeddingMetric {
  readonly label: string;
  /** What it means, in a sentence or two. */
  readonly long: string;
  readonly cell: (model: EmbeddingMeasures) => Markup;
}

/** What is reported of every embedding, in order. */
export const EMBEDDING_METRICS: readonly EmbeddingMetric[] = [
  {
    label: "Cosine",
    long: "Mean cosine of the model's embedding and the teacher's, over held-out samples: 1 is the same direction.",
    cell: ({ cosine }) => text(cosine, 4),
  },
  {
    label: "Relative squared error",
    long:
      "Mean squared distance from the teacher's embedding, as a share of what the mean of the teacher's test embeddings makes: 0 is a " +
      "perfect copy, 1 is no better than always the same. It sees lengths, too, which the cosine does not.",
    cell: ({ relativeError }) => text(relativeError, 4),
  },
  {
    label: "Nearest neighbor",
    long: "Share of held-out samples whose nearest neighbor (largest cosine, among the others) is the one that the teacher finds.",
    cell: ({ recall1 }) => text(recall1, 2, 100, "%"),
  },
  {
    label: "Ten nearest",
    long: "Share of the teacher's ten nearest neighbors of a held-out sample that are among the model's ten, on average.",
    cell: ({ recall10 }) => text(recall10, 2, 100, "%"),
  },
];

function text(measure: Measure | null, decimals: number, scale = 1, unit = ""): Markup {
  if (!measure) return html`<span class="muted">${NOTHING}</span>`;
  const ends = [measure.low, measure.high].map((end) => fixed(end * scale, decimals)).join(" to ");
  return html`<strong>${plusMinus(measure, decimals, scale)}${unit}</strong><small>${ends}</small>`;
}
