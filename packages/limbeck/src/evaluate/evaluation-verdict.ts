import type { EvaluatedModel, Evaluation } from "./evaluation.js";
import { wilsonEstimate } from "./intervals.js";
import { formatP } from "./verdict.js";

/** Classes that are named among the forgotten. */
const NAMED = 3;

/** What is to be said of a model beside the reference, in two sentences. */
export interface EvaluationVerdict {
  /** How many errors it makes, and whether chance explains the difference. */
  readonly errors: string;
  /** What it forgot, and of which classes most. */
  readonly forgotten: string;
}

/** Nothing is said of the reference itself. */
export function evaluationVerdict(
  { comparison, name }: EvaluatedModel,
  { reference, data }: Evaluation,
): EvaluationVerdict | null {
  if (!comparison) return null;
  const { mcnemar, churn } = comparison;
  const difference = churn.learned - churn.forgotten;
  const many = Math.abs(difference);
  const samples = `${number(data.samples)} ${data.kind}s`;
  if (difference === 0) {
    return { errors: `${name} makes as many errors as ${reference} on ${samples}.`, forgotten: forgottenText(churn) };
  }
  const noise = mcnemar.significant ? "more than chance explains" : "within what chance explains";
  return {
    errors:
      `${name} makes ${number(many)} ${difference > 0 ? "fewer" : "more"} ${many === 1 ? "error" : "errors"} than ` +
      `${reference} on ${samples}, ${noise} (${formatP(mcnemar.pValue)}).`,
    forgotten: forgottenText(churn),
  };
}

function forgottenText({ forgotten, classes }: NonNullable<EvaluatedModel["comparison"]>["churn"]): string {
  if (forgotten === 0) return "It forgot nothing.";
  // By the share that was surely lost: the largest class loses most samples in any case, and the smallest loses all of one.
  const surely = (one: (typeof classes)[number]) => wilsonEstimate(one.forgotten, one.samples)!.low;
  const most = classes
    .filter((one) => one.forgotten > 0)
    .sort((a, b) => surely(b) - surely(a))
    .slice(0, NAMED)
    .map((one) => `${one.name} (${number(one.forgotten)} of ${number(one.samples)})`);
  return `It forgot ${number(forgotten)} that ${forgotten === 1 ? "was" : "were"} known, most of ${most.join(", ")}.`;
}

const number = (value: number) => value.toLocaleString("en-US");
