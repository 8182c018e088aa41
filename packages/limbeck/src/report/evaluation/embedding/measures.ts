import type {
  EmbeddedModel,
  EmbeddingComparison,
  EmbeddingEvaluation,
  EmbeddingRobustness,
  EmbeddingSeverity,
} from "../../../evaluate/embedding/evaluation.js";
import type { Estimate } from "../../../evaluate/intervals.js";
import { count, fixed, percent, significant } from "../../format.js";
import { costMeasures } from "../costs.js";
import { interval, points, shares } from "../estimates.js";
import type { Measure, MeasureGroup } from "../measure.js";

type EmbeddingMeasure = Measure<EmbeddedModel>;

/** Titles of the tables, by which sections find theirs. */
export const titles = {
  embeddings: "Embeddings",
  beside: (reference: string) => `Beside ${reference}`,
  changed: "Cosine on changed images",
  cost: "Cost",
} as const;

/** All figures of an evaluation of embeddings, in the order in which terminal and report show them; groups without any are left out. */
export function embeddingGroups(evaluation: EmbeddingEvaluation): MeasureGroup<EmbeddedModel>[] {
  const { models, reference } = evaluation;
  const others = models.filter(({ comparison }) => comparison !== null);
  const groups = [
    { title: titles.embeddings, measures: alone(evaluation), shown: models },
    { title: titles.beside(reference), measures: others.length > 0 ? besides(evaluation) : [], shown: others },
    { title: titles.changed, measures: robustness(evaluation), shown: models },
    { title: titles.cost, measures: costMeasures(models), shown: models },
  ];
  return groups.filter(({ measures }) => measures.length > 0);
}

function alone({ models }: EmbeddingEvaluation): EmbeddingMeasure[] {
  const known = models[0]!.neighbors;
  const classes: EmbeddingMeasure = {
    label: `k-NN accuracy (${count(known?.samples ?? 0)})`,
    meaning:
      `Share of samples whose class the ${count(known?.voters ?? 0)} nearest others vote for, by the cosine: what the embedding knows of ` +
      "classes. Wilson's interval.",
    cell: ({ neighbors }) => neighbors && shares(neighbors.accuracy),
  };
  const dimensions: EmbeddingMeasure = {
    label: "Dimensions",
    meaning: "Numbers of an embedding.",
    cell: (model) => count(model.dimensions),
  };
  return [dimensions, ...(known ? [classes] : [])];
}

function besides({ reference, models, retrieval }: EmbeddingEvaluation): EmbeddingMeasure[] {
  const compared = (format: (estimate: Estimate) => string, of: (found: EmbeddingComparison) => Estimate | null) => {
    return ({ comparison }: EmbeddedModel) => {
      const estimate = comparison && of(comparison);
      return estimate && format(estimate);
    };
  };
  const among = `among ${count(retrieval.samples)} samples`;
  const difference: EmbeddingMeasure = {
    label: "k-NN accuracy, in points",
    meaning: `k-NN accuracy less that of ${reference}, both on the same draws of the bootstrap.`,
    cell: ({ neighbors }) => (neighbors?.difference ? points(neighbors.difference) : null),
  };
  return [
    {
      label: "Cosine",
      meaning: `Mean cosine to the embeddings of ${reference}: 1 is the same direction. Only for equal widths.`,
      cell: compared(cosineText, ({ cosine }) => cosine),
    },
    {
      label: "Relative squared error",
      meaning:
        `Mean squared distance from the embeddings of ${reference}, as a share of what their mean makes: 0 is a perfect copy, 1 no better ` +
        "than always the same. Only for equal widths.",
      cell: compared(
        (estimate) => interval(estimate, significant),
        ({ relativeError }) => relativeError,
      ),
    },
    {
      label: "Nearest neighbor found",
      meaning: `Share of samples whose nearest neighbor by ${reference} is the model's as well, ${among}; guessing finds ${percent(retrieval.chance1)}.`,
      cell: compared(shares, ({ recall1 }) => recall1),
    },
    {
      label: "Ten nearest found",
      meaning: `Share of the ten nearest neighbors by ${reference} that are among the model's ten, ${among}; guessing finds ${percent(retrieval.chance10)}.`,
      cell: compared(shares, ({ recall10 }) => recall10),
    },
    ...(models.some(({ neighbors }) => neighbors) ? [difference] : []),
  ];
}

function robustness({ models, reference }: EmbeddingEvaluation): EmbeddingMeasure[] {
  const measured = models.find((model) => model.robustness)?.robustness;
  if (!measured) return [];
  const isCompared = models.some((model) => model.robustness?.clean != null);
  return [
    ...(isCompared ? toReference(measured, reference) : []),
    ...rows(
      measured,
      (name) => `${name}, to itself`,
      "to the model's own embeddings of the images as they are",
      (one) => one.kept,
    ),
    {
      label: "Mean, to itself",
      meaning: "Mean over all changes and severities: 1 is not moved by any of them.",
      cell: ({ robustness: found }) => found && fixed(found.kept, 3),
    },
  ];
}

function toReference(measured: EmbeddingRobustness, reference: string): EmbeddingMeasure[] {
  const of = `to the embeddings by ${reference} of the same changed images`;
  return [
    {
      label: `As they are (${count(measured.samples)})`,
      meaning: `Mean cosine to ${reference} on the images that are changed below, before they are.`,
      cell: ({ robustness: found }) => cosineOf(found?.clean),
    },
    ...rows(
      measured,
      (name) => name,
      of,
      ({ cosine }) => cosine,
    ),
    {
      label: "Mean of the changed",
      meaning: "Mean over all changes and severities.",
      cell: ({ robustness: found }) => cosineOf(found?.mean),
    },
  ];
}

/** A row for each change, with a figure for each severity. */
function rows(
  { changes }: EmbeddingRobustness,
  label: (name: string) => string,
  of: string,
  figure: (severity: EmbeddingSeverity) => number | null,
): EmbeddingMeasure[] {
  return changes.map(({ name, meaning, severities }, i) => ({
    label: label(name[0]!.toUpperCase() + name.slice(1)),
    meaning: `Mean cosine ${of}. ${meaning}: ${severities.map(({ strength }) => strength).join(", ")}.`,
    cell: ({ robustness: found }) => {
      const figures = found ? found.changes[i]!.severities.map(figure) : [null];
      return figures.includes(null) ? null : figures.map((value) => fixed(value!, 3)).join(" · ");
    },
  }));
}

function cosineOf(value: number | null | undefined): string | null {
  return value == null ? null : fixed(value, 3);
}

/** "0.9213 [0.919, 0.924]" */
function cosineText({ value, low, high }: Estimate): string {
  return `${fixed(value, 4)} [${fixed(low, 3)}, ${fixed(high, 3)}]`;
}
