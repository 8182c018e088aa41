import type { Evaluation } from "../../../evaluate/evaluation.js";
import { NOTHING } from "../../format.js";
import { html, type Markup, scrolling } from "../../html.js";
import { type MeasureGroup, measureGroups } from "../measures.js";
import { modelName } from "../names.js";

/** A section with one of the tables, and what a chart or a note adds to it. */
export function measuresSection(
  evaluation: Evaluation,
  title: string,
  { id, heading, before, after }: { id: string; heading: string; before?: Markup | false; after?: Markup | false },
): Markup | false {
  const group = measureGroups(evaluation).find((one) => one.title === title);
  return (
    group !== undefined &&
    html`<section aria-labelledby="${id}"><h2 id="${id}">${heading}</h2>
${before}${scrolling(heading, table(evaluation, group))}${after}</section>`
  );
}

function table({ models }: Evaluation, { measures, shown }: MeasureGroup): Markup {
  return html`<table class="measures">
<thead><tr><th scope="col"><span class="hidden">Measure</span></th>${shown.map((model) => html`<th scope="col">${modelName(model.name, models.indexOf(model))}</th>`)}</tr></thead>
<tbody>${measures.map(
    ({ label, meaning, cell }) => html`
<tr><th scope="row" title="${meaning}">${label}<small>${meaning}</small></th>${shown.map((model) => html`<td>${cell(model) ?? NOTHING}</td>`)}</tr>`,
  )}</tbody></table>`;
}
