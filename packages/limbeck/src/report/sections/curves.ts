import { mean } from "../../evaluate/statistics.js";
import { ARM_NAMES, armName } from "../arms.js";
import { type ChartData, type ChartLine, chartData, thinned } from "../chart-data.js";
import type { ReportData } from "../data.js";
import { count, fixed, NOTHING, significant } from "../format.js";
import { html, jsonScript, type Markup, scrolling } from "../html.js";

/** Rows of the table that says the same as a chart. */
const MOST_ROWS = 25;

interface Curved extends Pick<ReportData, "curves" | "mentor"> {
  readonly results: Pick<ReportData["results"], "teacher" | "baseline">;
}

/** Test errors and training loss against epochs; nothing where no curve was recorded. */
export function curvesSection({ curves, results, mentor }: Curved): Markup | null {
  const errors = chartData(curves, "errors", results.teacher && mean(results.teacher.errors));
  const loss = chartData(curves, "loss", null);
  if (errors === null && loss === null) return null;
  return html`<section aria-labelledby="curves"><h2 id="curves">How they learned</h2>
${results.baseline && html`<p>Student and baseline are the same network on the same schedule. Only the student learns with ${mentor}.</p>`}
${errors && errorsFigure(errors)}${loss && lossFigure(loss)}</section>`;
}

function errorsFigure(chart: ChartData): Markup {
  const reference = chart.reference !== null && "The dashed line is the teacher's final result.";
  return figure(chart, "Test errors by epoch", [reference]);
}

function lossFigure(chart: ChartData): Markup {
  const different = "Student and baseline minimize different losses: compare their shapes, not their heights.";
  const notes = [chart.lines.length > 1 && different, chart.logarithmic && "The scale is logarithmic."];
  return figure(chart, "Training loss by epoch", notes);
}

function bandNote({ lines }: ChartData): string {
  const seeds = Math.max(...lines.map((line) => line.seeds));
  return seeds > 1 ? `Lines are means over ${count(seeds)} seeds, bands reach from the lowest to the highest.` : "";
}

function figure(chart: ChartData, title: string, notes: readonly (string | false)[]): Markup {
  const clipped = chart.clipped && "The first epochs run off the top, so that the later ones can be told apart.";
  const note = [bandNote(chart), ...notes, clipped].filter(Boolean).join(" ");
  const id = `chart-${chart.field}`;
  const height = chart.field === "loss" ? "chart low" : "chart";
  return html`<figure data-chart="${id}"><h3>${title}</h3>
<div class="readout"><span class="epoch">${`Epoch ${count(chart.epochs.at(-1)!)}`}</span>${chart.lines.map((line) => readOut(chart, line))}${
    chart.reference !== null && html`<span>${armName("teacher")} ${count(chart.reference)}</span>`
  }</div>
<div class="${height}" role="img" aria-label="${summary(chart, title)}"></div>
<noscript><p class="small muted">The chart needs JavaScript. The table below has its figures.</p></noscript>
${note !== "" && html`<figcaption>${note}</figcaption>`}
<details><summary>The figures as a table</summary>${scrolling(title, table(chart, title))}</details>
${jsonScript(id, chart)}</figure>`;
}

function readOut(chart: ChartData, line: ChartLine): Markup {
  const last = line.mean.findLastIndex((value) => value !== null);
  return html`<span data-arm="${line.arm}">${armName(line.arm)} <span class="value">${meanText(chart, line, last)}</span>${
    line.seeds > 1 && html` <span class="range">(${rangeText(chart, line, last)})</span>`
  }</span>`;
}

function summary(chart: ChartData, title: string): string {
  const ends = chart.lines.map((line) => {
    const first = line.mean.findIndex((value) => value !== null);
    const last = line.mean.findLastIndex((value) => value !== null);
    return `${ARM_NAMES[line.arm]}: from ${meanText(chart, line, first)} to ${meanText(chart, line, last)}.`;
  });
  const teacher = chart.reference === null ? "" : ` Teacher: ${count(chart.reference)}.`;
  return `Line chart. ${title}, epochs ${count(chart.epochs[0]!)} to ${count(chart.epochs.at(-1)!)}. ${ends.join(" ")}${teacher}`;
}

function table(chart: ChartData, title: string): Markup {
  const rows = thinned([...chart.epochs.keys()], MOST_ROWS);
  const some =
    rows.length < chart.epochs.length ? ` (${count(rows.length)} of ${count(chart.epochs.length)} epochs)` : "";
  const ranges = chart.lines.some((line) => line.seeds > 1) ? ": mean, and lowest to highest over seeds" : "";
  return html`<table><caption>${title}${ranges}${some}</caption>
<thead><tr><th scope="col">Epoch</th>${chart.lines.map((line) => html`<th scope="col">${armName(line.arm)}</th>`)}</tr></thead>
<tbody>${rows.map(
    (i) =>
      html`<tr><th scope="row">${count(chart.epochs[i]!)}</th>${chart.lines.map((line) => cell(chart, line, i))}</tr>`,
  )}</tbody></table>`;
}

function cell(chart: ChartData, line: ChartLine, i: number): Markup {
  const range =
    line.seeds > 1 && line.mean[i] !== null && html` <span class="muted">(${rangeText(chart, line, i)})</span>`;
  return html`<td>${meanText(chart, line, i)}${range}</td>`;
}

function meanText({ field }: ChartData, { mean, seeds }: ChartLine, i: number): string {
  const value = mean[i] ?? null;
  if (value === null) return NOTHING;
  if (field === "loss") return significant(value);
  return fixed(value, seeds > 1 ? 1 : 0);
}

function rangeText({ field }: ChartData, { min, max }: ChartLine, i: number): string {
  const ends = [min[i] ?? 0, max[i] ?? 0];
  return ends.map((end) => (field === "loss" ? significant(end) : fixed(end, 0))).join("–");
}
