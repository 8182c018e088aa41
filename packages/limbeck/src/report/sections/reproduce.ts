import type { ReportData, ReportFacts } from "../data.js";
import { count, duration, percent } from "../format.js";
import { html, type Markup } from "../html.js";
import { metricsOf } from "../metrics.js";

/** Which results were another run's. */
function reusedText(reused: ReportFacts["reused"]): string {
  if (reused.length === 0) return "";
  const total = reused.reduce((sum, { seconds }) => sum + seconds, 0);
  const list = reused.map(({ phase, run, seconds }) => `${phase} (${duration(seconds)}, ${run})`).join(", ");
  return `${duration(total)} of this were spent in earlier runs, whose results were taken over: ${list}`;
}

/** Environment, recipe, and what the measures mean. @param glossary entries of a list */
export function reproduceSection(
  { environment, data, teachers, files = [], commits = {}, asked, seconds, waited, reused, recipe }: ReportFacts,
  glossary: Markup,
): Markup {
  const facts: readonly (readonly [string, string])[] = [
    [
      "Data",
      `${data.source}: ${count(data.train)} training, ${count(data.transfer)} transfer (what the student learns from) and ${count(data.test)} test samples`,
    ],
    ...teachers.map(({ file, sha256 }) => ["Teacher", `${file}, sha256 ${sha256}`] as const),
    ...files.map(({ where, sha256 }) => [where, `sha256 ${sha256}`] as const),
    ...Object.entries(commits).map(([address, commit]) => ["From the hub", `${address}, commit ${commit}`] as const),
    ["Teacher", asked ?? ""],
    ["Duration", duration(seconds)],
    ["Waiting", waited === undefined ? "" : `${percent(waited)} of the time of training, for samples`],
    ["Reused", reusedText(reused)],
    ["Limbeck", environment.limbeck],
    ["Node.js", environment.node],
    ["ONNX Runtime", environment.onnxruntime],
    [
      "Processor",
      `${environment.cpu}, ${count(environment.threads)} ${environment.threads === 1 ? "thread" : "threads"}`,
    ],
  ];
  return html`<section aria-labelledby="reproduce"><h2 id="reproduce">How to reproduce</h2>
<p>The recipe below has every default written out; saved as <code>recipe.yaml</code>, it runs with <code>npx limbeck run recipe.yaml</code>. Run again with the same versions on the same machine, it should give the same
models. On another machine rounding differs, and the figures may shift a little.</p>
<dl class="facts">${facts.filter(([, value]) => value !== "").map(([term, value]) => html`<dt>${term}</dt><dd>${value}</dd>`)}</dl>
<details class="print"><summary>The recipe, as YAML</summary><pre tabindex="0" aria-label="Recipe"><code>${recipe}</code></pre></details>
<h3 class="after">What the measures mean</h3>
<dl class="glossary">${glossary}</dl></section>`;
}

/** What the measures of a classification mean. */
export function classGlossary({ results }: Pick<ReportData, "results">): Markup {
  return html`${metricsOf(results).map(({ label, long }) => html`<div><dt>${label}</dt><dd>${long}</dd></div>`)}
<div><dt>p</dt><dd>From Welch's t-test: how often chance alone would give a difference at least this large between the seeds' errors. Below 0.05 the report
calls it larger than the noise; otherwise within it.</dd></div>`;
}
