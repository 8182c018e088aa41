import type { EmbeddedModel, EmbeddingEvaluation } from "./evaluation.js";

const percent = (share: number) => `${(100 * share).toFixed(1)}%`;

/** What is to be said of a model beside the reference, in a sentence each. */
interface EmbeddingVerdict {
  /** How like the reference's its embedding is. */
  readonly likeness: string;
  /** What its neighbors tell of classes; null where there are none. */
  readonly classes: string | null;
}

/** Nothing is said of the reference itself. */
export function embeddingVerdict(
  { name, comparison, neighbors, dimensions }: EmbeddedModel,
  { reference, models, retrieval }: EmbeddingEvaluation,
): EmbeddingVerdict | null {
  if (!comparison) return null;
  const theirs = models.find((model) => model.name === reference)!.dimensions;
  const { cosine, recall10 } = comparison;
  const alike = cosine
    ? `${name} has a cosine of ${cosine.value.toFixed(3)} to ${reference} on average`
    : `${name} answers with ${number(dimensions)} numbers, and ${reference} with ${number(theirs)}`;
  const found = recall10
    ? `; of a sample's ten nearest neighbors it finds ${percent(recall10.value)} (guessing ${percent(retrieval.chance10)})`
    : "";
  return { likeness: `${alike}${found}.`, classes: neighbors && classesText(neighbors, reference) };
}

/** Whether neighbors are of one class as often as the reference's. */
function classesText({ accuracy, difference }: NonNullable<EmbeddedModel["neighbors"]>, reference: string): string {
  const told = `Its neighbors tell the class of ${percent(accuracy.value)}`;
  if (!difference || difference.value === 0) return `${told}, as many as those by ${reference}.`;
  const points = (100 * Math.abs(difference.value)).toFixed(1);
  const many = `${points} points ${difference.value > 0 ? "above" : "below"} those by ${reference}`;
  const isNoise = difference.low <= 0 && difference.high >= 0;
  return `${told}, ${many}, ${isNoise ? "within what chance explains" : "more than chance explains"}.`;
}

const number = (value: number) => value.toLocaleString("en-US");
