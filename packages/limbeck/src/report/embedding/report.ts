import type { EmbeddingMeasures } from "../../evaluate/embedding/results.js";
import { armName } from "../arms.js";
import { bytes, count, milliseconds, percent, plural } from "../format.js";
import { html, type Markup, scrolling } from "../html.js";
import { renderDocument } from "../report.js";
import { curvesSection } from "../sections/curves.js";
import { reproduceSection } from "../sections/reproduce.js";
import { reportHeader } from "../sections/verdict.js";
import type { EmbeddingReportData } from "./data.js";
import { EMBEDDING_METRICS, intervalText, measureText } from "./measures.js";

/** Renders the report of a run whose task is embedding, as one HTML file that needs nothing else. */
export async function renderEmbeddingReport(data: EmbeddingReportData): Promise<string> {
  const { results, curves, mentor } = data;
  const learned = curvesSection({ curves, mentor, results: { teacher: null, baseline: null } });
  const glossary = html`${EMBEDDING_METRICS.map(({ label, long }) => html`<div><dt>${label}</dt><dd>${long}</dd></div>`)}`;
  return renderDocument(data, [
    reportHeader(data, results.summary, [html`<p class="muted">${setting(data)}</p>`]),
    html`<main>${likenessSection(data)}${costsSection(data)}${learned}${reproduceSection(data, glossary)}</main>`,
  ]);
}

function setting({ data, losses, epochs, seeds, results }: EmbeddingReportData): string {
  const { student, teacher } = results.dimensions;
  const width =
    student === teacher ? `${count(student)} numbers` : `${count(student)} numbers instead of ${count(teacher)}`;
  return `An embedding of ${width}, learned in ${plural(epochs, "epoch")} on ${plural(data.transfer, "sample")} of ${data.source}, without labels, from ${losses.join(" + ")}; ${plural(seeds, "seed")}.`;
}

/** Students beside what has to be beaten. */
function likenessSection({ results, seeds }: EmbeddingReportData): Markup {
  const { retrieval, student, controls, variants, testSize } = results;
  const spread = seeds > 1 ? `mean ± standard deviation over ${count(seeds)} seeds` : "one seed";
  const table = html`<table><caption>Measured on ${plural(testSize, "held-out sample")}: ${spread}; below, the 95 % interval of the mean over samples.</caption>
<thead><tr><th scope="col"><span class="hidden">Model</span></th>${EMBEDDING_METRICS.map(({ label }) => html`<th scope="col">${label}</th>`)}</tr></thead>
<tbody>${row(armName("student"), student)}${variants.map(({ name, description, student: own }) => row(html`${name}<small>${description}</small>`, own))}
${controls.map((control) => row(html`${control.name}<small>${control.description}</small>`, control))}</tbody></table>`;
  return html`<section aria-labelledby="likeness"><h2 id="likeness">How like the teacher's</h2>
<p>Nothing can be learned here without the teacher, so that there is no baseline. These are what a student has to beat; guessing finds ${percent(retrieval.chance1)} of the
nearest and ${percent(retrieval.chance10)} of the ten nearest neighbors among ${plural(retrieval.samples, "sample")}.</p>${scrolling("How like the teacher's", table)}</section>`;
}

function row(name: Markup, model: EmbeddingMeasures): Markup {
  return html`<tr><th scope="row" class="text">${name}</th>${EMBEDDING_METRICS.map((metric) => html`<td><strong>${measureText(metric, model)}</strong><small>${intervalText(metric, model)}</small></td>`)}</tr>`;
}

function costsSection({ results: { teacher, student } }: EmbeddingReportData): Markup {
  const rows = [
    ["Parameters", count(teacher.parameters), count(student.parameters)],
    ["File size", bytes(teacher.bytes), bytes(student.bytes)],
    ["Latency of a sample on one thread", milliseconds(teacher.latencyMs), milliseconds(student.latencyMs)],
    ["Peak memory of a process", bytes(teacher.peakMemoryBytes), bytes(student.peakMemoryBytes)],
  ];
  const table = html`<table><thead><tr><th scope="col"><span class="hidden">Measure</span></th><th scope="col">${armName("teacher")}</th><th scope="col">${armName("student")}</th></tr></thead>
<tbody>${rows.map(([name, ...cells]) => html`<tr><th scope="row" class="text">${name}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody></table>`;
  return html`<section aria-labelledby="costs"><h2 id="costs">What they cost</h2>${scrolling("What they cost", table)}</section>`;
}
