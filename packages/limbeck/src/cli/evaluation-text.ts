import type { EmbeddingEvaluation } from "../evaluate/embedding/evaluation.js";
import { embeddingVerdict } from "../evaluate/embedding/verdict.js";
import type { Evaluation, ModelCost } from "../evaluate/evaluation.js";
import { evaluationVerdict } from "../evaluate/evaluation-verdict.js";
import { embeddingGroups } from "../report/evaluation/embedding/measures.js";
import type { MeasureGroup } from "../report/evaluation/measure.js";
import { measureGroups } from "../report/evaluation/measures.js";
import { formatCount, formatTable, wrapText } from "./format.js";

/**
 * An evaluation for a terminal: a row for each measure, a column for each model; then what stands out.
 * @param columns width of the terminal; default: any
 */
export function evaluationText(evaluation: Evaluation, columns = Number.POSITIVE_INFINITY): string {
  const { models } = evaluation;
  const verdicts = models.map((model) => {
    const verdict = evaluationVerdict(model, evaluation);
    return verdict && `${verdict.errors} ${verdict.forgotten}`;
  });
  return textOf(evaluation, measureGroups(evaluation), verdicts, columns);
}

/** The same of models that embed. */
export function embeddingEvaluationText(evaluation: EmbeddingEvaluation, columns = Number.POSITIVE_INFINITY): string {
  const verdicts = evaluation.models.map((model) => {
    const verdict = embeddingVerdict(model, evaluation);
    return verdict && [verdict.likeness, verdict.classes ?? ""].join(" ").trim();
  });
  return textOf(evaluation, embeddingGroups(evaluation), verdicts, columns);
}

type Evaluated = { readonly name: string; readonly cost: ModelCost | null };

function textOf<Model extends Evaluated>(
  { data, models }: { readonly data: Evaluation["data"]; readonly models: readonly Model[] },
  groups: readonly MeasureGroup<Model>[],
  verdicts: readonly (string | null)[],
  columns: number,
): string {
  const tables = groups.flatMap((group) => tablesOf(group, columns));
  const notes = models.flatMap(({ name, cost }, m) => [
    ...(verdicts[m] ? wrapText(verdicts[m], "", "") : []),
    ...(cost?.note ? wrapText(`${name}: ${cost.note}.`, "", "") : []),
  ]);
  const classes = data.classes.length > 0 ? `${data.classes.length} classes` : "without classes";
  const which = `${formatCount(data.samples)} ${data.kind}s of ${data.source}, ${classes}`;
  const head = wrapText(`${which}. In brackets: 95% confidence intervals.`, "", "").join("\n");
  return [head, ...tables, ...(notes.length > 0 ? [notes.join("\n")] : [])].join("\n\n");
}

/** One table, or several below each other where there are more models than fit. */
function tablesOf<Model extends Evaluated>({ title, measures, shown }: MeasureGroup<Model>, columns: number): string[] {
  const whole = formatTable([
    [title, ...shown.map(({ name }) => name)],
    ...measures.map(({ label, cell }) => [label, ...shown.map((model) => plain(cell(model) ?? "-"))]),
  ]);
  const width = Math.max(...whole.split("\n").map((line) => line.length));
  if (width <= columns || shown.length === 1) return [whole];
  const half = Math.ceil(shown.length / 2);
  const part = (models: typeof shown) => tablesOf({ title, measures, shown: models }, columns);
  return [...part(shown.slice(0, half)), ...part(shown.slice(half))];
}

/** Spaces as a terminal has them. */
function plain(text: string): string {
  return text.replaceAll("\u00a0", " ");
}
