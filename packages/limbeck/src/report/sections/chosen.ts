import type { ReportData } from "../data.js";
import { html, type Markup } from "../html.js";

/** What `distill: auto` chose, and why; nothing where the recipe named its terms. */
export function chosenSection({ chosen }: ReportData): Markup | false {
  if (chosen.length === 0) return false;
  return html`<section aria-labelledby="chosen"><h2 id="chosen">Why these losses</h2>
<p>The recipe said <code>distill: auto</code>: rules that look at the two networks and the transfer set chose the losses. The recipe below has them.</p>
${chosen.map(
  ({ variant, terms, reasons }) => html`
${variant !== null && html`<h3>${variant}</h3>`}
<p><strong>${terms.join(" + ")}</strong></p>
<ul>${reasons.map((reason) => html`<li>${reason}</li>`)}</ul>`,
)}</section>`;
}
