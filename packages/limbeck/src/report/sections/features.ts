import type { ReportData } from "../data.js";
import { count, errorsText } from "../format.js";
import { html, type Markup, scrolling } from "../html.js";

/** What features that were learned without labels are worth; nothing where there are none. */
export function featuresSection({ results: { features, student } }: ReportData): Markup | null {
  if (!features) return null;
  const row = (name: string, errors: readonly number[]) =>
    html`<tr><th scope="row" class="text">${name}</th><td>${errorsText(errors)}</td></tr>`;
  return html`<section aria-labelledby="features"><h2 id="features">Before any label</h2>
<p>The student has learned from images without labels first. What its features were worth then is judged without training: each test
sample gets the class for which its 20 nearest labelled samples vote, of ${count(features.known)}. The untrained network is the control.</p>
${scrolling(
  "Nearest neighbors",
  html`<table><caption>Errors of nearest neighbors among ${count(student.testSize)} test samples.</caption>
<thead><tr><th scope="col">Features of</th><th scope="col">Test errors</th></tr></thead>
<tbody>${row("the student without labels", features.neighbors)}${row("the untrained network", features.untrained)}</tbody></table>`,
)}</section>`;
}
