import type { ModelResult } from "../../evaluate/results.js";
import { type Arm, armMeaning, armName } from "../arms.js";
import type { ReportData } from "../data.js";
import { count, plural } from "../format.js";
import { html, type Markup } from "../html.js";
import { metricsOf } from "../metrics.js";

/** The table of teacher, student and baseline: those that there are. */
export function modelsSection(report: ReportData): Markup {
  const { results, data } = report;
  const { teacher, student, baseline } = results;
  const models = (
    [
      ["teacher", teacher],
      ["student", student],
      ["baseline", baseline],
    ] as const
  ).filter((entry): entry is readonly [Arm, ModelResult] => entry[1] !== null);
  const seeds = student.errors.length;
  const spread =
    seeds > 1 ? `mean ± standard deviation over ${count(seeds)} seeds` : "one seed, so the spread is unknown";
  // The roles restate what is a table anyway: the narrow layout takes some browsers' table semantics away.
  return html`<section aria-labelledby="models"><h2 id="models">The models side by side</h2>
<table class="models" role="table" style="--arms: ${models.length}">
<caption>Measured on ${plural(data.test, "test sample")}; ${spread}.</caption>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader"><span class="hidden">Measure</span></th>${models.map(
    ([arm]) => html`<th scope="col" role="columnheader">${armName(arm)}<small>${armMeaning(arm, report)}</small></th>`,
  )}</tr></thead>
<tbody role="rowgroup">${metricsOf(results).map(
    (metric) => html`
<tr role="row"><th scope="row" role="rowheader" title="${metric.long}">${metric.label}<small>${metric.short}</small></th>${models.map(
      ([, model]) => html`<td role="cell">${metric.cell(model)}</td>`,
    )}</tr>`,
  )}</tbody>
</table></section>`;
}
