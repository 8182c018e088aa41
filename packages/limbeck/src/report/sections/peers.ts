import type { PeerResult } from "../../evaluate/results.js";
import type { ReportData } from "../data.js";
import { shortNoise, signedDifference } from "../difference.js";
import { count, errorsText, NOTHING, plusMinus } from "../format.js";
import { html, type Markup, scrolling } from "../html.js";

/** What came out of the training beside the student; nothing where nothing did. */
export function peersSection({ results: { peers = [], exits } }: ReportData): Markup | null {
  if (peers.length === 0 || exits) return null;
  return html`<section aria-labelledby="peers"><h2 id="peers">Beside the student</h2>
<p>These models came out of the same training as the student. The student is the model that the recipe calls so; none of these
took its place for its test errors. The difference is to the baseline, for those that are the same model.</p>
${scrolling(
  "Beside the student",
  html`<table><caption>Measured on the same test samples as the student.</caption>
<thead><tr><th scope="col">Model</th><th scope="col">Parameters</th><th scope="col">Test errors</th><th scope="col">Accuracy</th>
<th scope="col">Calibration error</th><th scope="col" class="difference">Fewer errors<small>than the baseline</small></th></tr></thead>
<tbody>${peers.map(row)}</tbody></table>`,
)}</section>`;
}

function row({ name, family, parameters, errors, accuracy, ece, verdict }: PeerResult): Markup {
  return html`<tr><th scope="row" class="text">${name}<small>${family}</small></th><td>${count(parameters)}</td>
<td>${errorsText(errors)}</td><td>${plusMinus(accuracy, 2, 100)}%</td><td>${plusMinus(ece, 2, 100)}%</td>
<td>${verdict ? html`${signedDifference(verdict.difference)}<small>${shortNoise(verdict)}</small>` : NOTHING}</td></tr>`;
}
