import type { ModelResult, RunResults, TrainedOn } from "../../evaluate/results.js";
import { mean } from "../../evaluate/statistics.js";
import type { ReportData, ReportFacts } from "../data.js";
import { fewerErrors, noise, shown } from "../difference.js";
import { bytes, count, dateTime, errorsText, fixed, milliseconds, percent, plural, ratio } from "../format.js";
import { html, type Markup } from "../html.js";

/** Title, date, verdict, and the three figures that matter most. */
export function verdictSection(data: ReportData): Markup {
  const { results } = data;
  return reportHeader(data, results.verdict?.sentence ?? withoutVerdict(data), [
    html`<p class="muted">${setting(data)}</p>`,
    html`<div class="tiles">${sizeTile(results)}${errorsTile(results, data.mentor)}${speedTile(results)}</div>`,
  ]);
}

/** A report's head: whose it is, what came of the run, and what else stands at the top. */
export function reportHeader(data: ReportFacts, sentence: string, others: readonly Markup[]): Markup {
  return html`<header>
<div class="top">
<div><h1>${data.name}</h1><p class="small muted">Limbeck distillation report, <time datetime="${data.createdAt}">${dateTime(data.createdAt)}</time></p></div>
<button type="button" id="theme" hidden>Dark colors</button>
</div>
<p class="verdict">${unbroken(sentence)}</p>
${data.description !== "" && html`<p class="muted">${data.description}</p>`}
${others}
</header>`;
}

function withoutVerdict({ results: { student, teacher }, mentor }: ReportData): string {
  const theirs = teacher ? `, the teacher ${count(mean(teacher.errors))}` : "";
  return (
    `The student makes ${count(mean(student.errors))} errors on ${count(student.testSize)} test samples${theirs}. ` +
    `No baseline was trained, so this run cannot tell whether ${mentor} helped.`
  );
}

function setting({ data, epochs, losses, results }: ReportData): string {
  const seeds = results.student.errors.length;
  const learned = losses.length > 0 ? `, learning from ${losses.join(" + ")}` : "";
  const on = results.trainedOn
    ? `${results.trainedOn.student}${withoutWhat(results.trainedOn, data.source)}`
    : `${plural(data.transfer, "sample")} of ${data.source}`;
  return `Trained for ${plural(epochs, "epoch")} on ${on}${learned}; ` + `${plural(seeds, "seed")}.`;
}

const withoutWhat = ({ unseen }: TrainedOn, source: string) => (unseen ? `, without a ${unseen} of ${source}` : "");

function sizeTile({ teacher, student }: RunResults): Markup {
  if (!teacher || teacher.parameters === null) {
    const why = teacher ? "the teacher's are not known" : "there is no teacher";
    return tile("Size", html`${bytes(student.bytes)}`, [`${plural(student.parameters, "parameter")}; ${why}`]);
  }
  const [times, word] = ratio(teacher.parameters, student.parameters, ["smaller", "larger", "the same size"]);
  return tile("Size", html`${times} <small>${word}</small>`, [
    `${plural(student.parameters, "parameter")}; the teacher has ${count(teacher.parameters)}`,
  ]);
}

function errorsTile({ student, baseline, verdict }: RunResults, mentor: string): Markup {
  const own = errorsText(student.errors);
  if (baseline === null || verdict === null) {
    return tile("Errors", html`${own}`, [
      `of ${plural(student.testSize, "test sample")}; there is no baseline to compare with`,
    ]);
  }
  const difference = shown(verdict.difference);
  const means = meanErrors([student, baseline]);
  const relative = difference === 0 ? "" : ` (${percent(Math.abs(verdict.relative))})`;
  return tile(
    "Errors",
    html`<span class="figure-arm student">${means[0]}</span> <small>instead of</small> <span class="figure-arm baseline">${means[1]}</span>`,
    [`${fewerErrors(verdict.difference)} without ${mentor}${relative}; ${noise(verdict)}`],
  );
}

function speedTile({ teacher, student }: RunResults): Markup {
  if (!teacher || teacher.latencyMs === null)
    return tile("Speed", html`${milliseconds(student.latencyMs)}`, ["a sample, on one thread"]);
  const [times, word] = ratio(teacher.latencyMs, student.latencyMs, ["faster", "slower", "the same speed"]);
  return tile("Speed", html`${times} <small>${word}</small>`, [
    `${milliseconds(student.latencyMs)} a sample; the teacher takes ${milliseconds(teacher.latencyMs)}`,
  ]);
}

/** Mean errors of models that stand side by side, all with a decimal if one needs it. */
function meanErrors(models: readonly ModelResult[]): readonly string[] {
  const means = models.map(({ errors }) => mean(errors));
  return means.map((mean) => fixed(mean, means.every(Number.isInteger) ? 0 : 1));
}

function tile(title: string, figure: Markup, lines: readonly string[]): Markup {
  return html`<div class="tile"><h2>${title}</h2><p class="figure">${figure}</p>${lines.map((line) => html`<p>${line}</p>`)}</div>`;
}

/** Keeps the parts of a figure on one line. */
function unbroken(sentence: string): string {
  return sentence.replaceAll(/ ([±<=]) /g, "\u00a0$1\u00a0");
}
