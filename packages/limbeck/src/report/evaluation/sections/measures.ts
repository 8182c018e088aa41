import { NOTHING } from "../../format.js";
import { html, type Markup, scrolling } from "../../html.js";
import type { MeasureGroup } from "../measure.js";
import { modelName } from "../names.js";

interface Named {
  readonly name: string;
}

/** All models, and all tables of their figures. */
export interface Tables<Model> {
  readonly models: readonly Model[];
  readonly groups: readonly MeasureGroup<Model>[];
}

/** A section with one of the tables, and what a chart or a note adds to it. */
export function measuresSection<Model extends Named>(
  { models, groups }: Tables<Model>,
  title: string,
  { id, heading, before, after }: { id: string; heading: string; before?: Markup | false; after?: Markup | false },
): Markup | false {
  const group = groups.find((one) => one.title === title);
  return (
    group !== undefined &&
    html`<section aria-labelledby="${id}"><h2 id="${id}">${heading}</h2>
${before}${scrolling(heading, table(models, group))}${after}</section>`
  );
}

function table<Model extends Named>(models: readonly Model[], { measures, shown }: MeasureGroup<Model>): Markup {
  return html`<table class="measures">
<thead><tr><th scope="col"><span class="hidden">Measure</span></th>${shown.map((model) => html`<th scope="col">${modelName(model.name, models.indexOf(model))}</th>`)}</tr></thead>
<tbody>${measures.map(
    ({ label, meaning, cell }) => html`
<tr><th scope="row" title="${meaning}">${label}<small>${meaning}</small></th>${shown.map((model) => html`<td>${cell(model) ?? NOTHING}</td>`)}</tr>`,
  )}</tbody></table>`;
}
