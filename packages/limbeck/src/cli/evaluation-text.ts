import type { Evaluation } from "../evaluate/evaluation.js";
import { evaluationVerdict } from "../evaluate/evaluation-verdict.js";
import { type MeasureGroup, measureGroups } from "../report/evaluation/measures.js";
import { formatCount, formatTable, wrapText } from "./format.js";

/**
 * An evaluation for a terminal: a row for each measure, a column for each model; then what stands out.
 * @param columns width of the terminal; default: any
 */
export function evaluationText(evaluation: Evaluation, columns = Number.POSITIVE_INFINITY): string {
  const { data, models } = evaluation;
  const tables = measureGroups(evaluation).flatMap((group) => tablesOf(group, columns));
  const notes = models.flatMap((model) => {
    const verdict = evaluationVerdict(model, evaluation);
    const note = model.cost?.note;
    return [
      ...(verdict ? wrapText(`${verdict.errors} ${verdict.forgotten}`, "", "") : []),
      ...(note ? wrapText(`${model.name}: ${note}.`, "", "") : []),
    ];
  });
  const which = `${formatCount(data.samples)} ${data.kind}s of ${data.source}, ${data.classes.length} classes`;
  const head = wrapText(`${which}. In brackets: 95% confidence intervals.`, "", "").join("\n");
  return [head, ...tables, ...(notes.length > 0 ? [notes.join("\n")] : [])].join("\n\n");
}

/** One table, or several below each other where there are more models than fit. */
function tablesOf({ title, measures, shown }: MeasureGroup, columns: number): string[] {
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
