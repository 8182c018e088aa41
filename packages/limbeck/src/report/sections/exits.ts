import type { ExitRow } from "../../evaluate/results.js";
import type { ReportData } from "../data.js";
import { bytes, count, errorsText, percent, plusMinus } from "../format.js";
import { html, type Markup, scrolling } from "../html.js";

/** The student's exits, and what it comes to when samples leave early; nothing where it has none. */
export function exitsSection({ results: { exits, peers = [], student } }: ReportData): Markup | null {
  if (!exits) return null;
  const last = exits.macs.length - 1;
  const models = [...peers, { ...student, name: "the end" }];
  return html`<section aria-labelledby="exits"><h2 id="exits">Early exits</h2>
<p>Each exit alone, from the input on. The student is the network without them.</p>
${scrolling(
  "Exits",
  html`<table><caption>Measured on the same test samples.</caption>
<thead><tr><th scope="col">Exit</th><th scope="col">Test errors</th><th scope="col">Accuracy</th><th scope="col">Calibration error</th>
<th scope="col">Multiply-accumulates</th><th scope="col">Parameters</th><th scope="col">File</th></tr></thead>
<tbody>${models.map(
    ({ name, errors, accuracy, ece, parameters, bytes: size }, exit) => html`
<tr><th scope="row" class="text">${name}</th><td>${errorsText(errors)}</td><td>${plusMinus(accuracy, 2, 100)}%</td>
<td>${plusMinus(ece, 2, 100)}%</td><td>${count(exits.macs[exit]!)}</td><td>${count(parameters)}</td><td>${bytes(size)}</td></tr>`,
  )}</tbody></table>`,
)}
<p>A sample leaves at the first exit that gives its top class the probability asked for, or at the end.</p>
${scrolling(
  "Confidence and cost",
  html`<table><caption>The share of multiply-accumulates is that of the student without exits; heads that were asked on the way count.</caption>
<thead><tr><th scope="col">Confidence asked for</th><th scope="col">Accuracy</th><th scope="col">Mean multiply-accumulates</th>
${exits.macs.map((_, exit) => html`<th scope="col">${exit === last ? "to the end" : `leave at exit${exit + 1}`}</th>`)}</tr></thead>
<tbody>${exits.rows.map(row)}</tbody></table>`,
)}</section>`;
}

function row({ threshold, accuracy, macsShare, leaving }: ExitRow): Markup {
  return html`<tr><th scope="row">${threshold}</th><td>${plusMinus(accuracy, 2, 100)}%</td><td>${plusMinus(macsShare, 1, 100)}%</td>
${leaving.map((share) => html`<td>${percent(share)}</td>`)}</tr>`;
}
