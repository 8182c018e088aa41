import { armName } from "../arms.js";
import type { ReportData } from "../data.js";
import { shortNoise, signedDifference } from "../difference.js";
import { count, errorsText, NOTHING } from "../format.js";
import { html, type Markup, scrolling } from "../html.js";
import { patienceFindings, patienceMattered, type Schedule, schedules } from "../patience.js";

/** Shorter and longer schedules of the same comparison; nothing where there is only one. */
export function patienceSection(data: ReportData): Markup | null {
  const all = schedules(data);
  if (all.length === 0) return null;
  return html`<section aria-labelledby="patience"><h2 id="patience">Patience</h2>
${patienceFindings(all).map((finding) => html`<p>${finding}</p>`)}
${scrolling("Errors by length of training", table(all))}
<p class="after">Why length matters: a soft target carries more information than a bare label, but it takes a network many passes
over the data to absorb it (Beyer et al. 2022, <cite>Knowledge distillation: A good teacher is patient and consistent</cite>).
${moral(all)}</p></section>`;
}

function moral(all: readonly Schedule[]): string {
  if (patienceMattered(all)) {
    return `A comparison at ${count(all[0]!.epochs)} epochs, or stopping early there, would have thrown away the better model.`;
  }
  return (
    "A comparison at too few epochs, or stopping early, can therefore throw away the better model, " +
    "although the figures here do not show it."
  );
}

function table(all: readonly Schedule[]): Markup {
  return html`<table class="patience"><caption>Mean test errors by length of training; everything else is equal.</caption>
<thead><tr><th scope="col">Epochs</th><th scope="col">${armName("student")}</th><th scope="col">${armName("baseline")}</th>
<th scope="col" class="difference">Fewer errors<small>by distillation</small></th></tr></thead>
<tbody>${all.map(row)}</tbody></table>`;
}

function row({ epochs, main, student, baseline, verdict }: Schedule): Markup {
  return html`<tr><th scope="row">${count(epochs)}${main && html`<small>this run</small>`}</th><td>${errorsText(student.errors)}</td>
<td>${baseline ? errorsText(baseline.errors) : NOTHING}</td>
<td>${verdict ? html`${signedDifference(verdict.difference)}<small>${shortNoise(verdict)}</small>` : NOTHING}</td></tr>`;
}
