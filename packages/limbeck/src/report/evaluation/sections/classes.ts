import type { ClassScores, Evaluation } from "../../../evaluate/evaluation.js";
import type { Estimate } from "../../../evaluate/intervals.js";
import { count, fixed, NOTHING, percent } from "../../format.js";
import { html, type Markup, raw, scrolling } from "../../html.js";
import { modelName } from "../names.js";

/** A table of one model with no more classes than this lies open. */
const MOST_OPEN = 20;

/** Precision, recall and F1 of every class, model by model. */
export function classesSection({ models, data }: Evaluation): Markup {
  const isOpen = models.length === 1 && data.classes.length <= MOST_OPEN;
  return html`<section aria-labelledby="classes"><h2 id="classes">Class by class</h2>
<p>Precision is the share of what is said to be of a class that is; recall the share of the class's samples that are found. Both with Wilson's intervals.</p>
${models.map(
  ({ name, task }, m) =>
    html`<details class="print"${isOpen && raw(" open")}><summary>${modelName(name, m)}</summary>${scrolling(
      `Classes, ${name}`,
      html`<table><thead><tr><th scope="col">Class</th><th scope="col">Samples</th><th scope="col">Predicted</th><th scope="col">Precision</th><th scope="col">Recall</th><th scope="col">F1</th></tr></thead>
<tbody>${task.classes.map(row)}</tbody></table>`,
    )}</details>`,
)}</section>`;
}

function row({ name, samples, predicted, precision, recall, f1 }: ClassScores): Markup {
  return html`<tr><th scope="row">${name}</th><td>${count(samples)}</td><td>${count(predicted)}</td><td>${share(precision)}</td><td>${share(recall)}</td>
<td>${f1 === null ? NOTHING : percent(f1)}</td></tr>`;
}

function share(estimate: Estimate | null): Markup | string {
  if (!estimate) return NOTHING;
  const { value, low, high } = estimate;
  return html`${percent(value)} <span class="muted">[${fixed(low * 100, 1)}, ${fixed(high * 100, 1)}]</span>`;
}
